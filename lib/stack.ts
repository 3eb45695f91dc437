import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ZoomTokenRefresher, type ZoomTokenRefresherProps } from './zoom-token-refresher.ts';

/** One `ZoomTokenRefresher`, and what a person needs to know of it after the deployment. */
export class ZoomTokenRefresherStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & ZoomTokenRefresherProps = {}) {
    super(scope, id, { description: 'Keeps Zoom OAuth tokens fresh for n8n.', ...props });
    const refresher = new ZoomTokenRefresher(this, 'ZoomTokenRefresher', props);

    new CfnOutput(this, 'CallbackUrl', {
      value: refresher.callbackUrl,
      description: 'Redirect URL and OAuth allow list entry of the Zoom app.',
    });
    new CfnOutput(this, 'N8nPolicyArn', {
      value: refresher.n8nPolicy.managedPolicyArn,
      description: 'Policy for the user or role with which n8n reads Secrets Manager.',
    });
    new CfnOutput(this, 'OperatorFunctionName', {
      value: refresher.operatorFunction.functionName,
      description: 'Function that the command line invokes.',
    });
    new CfnOutput(this, 'AppSecretName', {
      value: refresher.appSecret.secretName,
      description: 'Secret for the credentials of the Zoom app.',
    });
  }
}
