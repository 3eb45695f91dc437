import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ZoomTokenRefresher, type ZoomTokenRefresherProps } from './zoom-token-refresher.ts';

/** One `ZoomTokenRefresher`, and what a person needs to know of it after the deployment. */
export class ZoomTokenRefresherStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & ZoomTokenRefresherProps = {}) {
    super(scope, id, { description: 'Keeps Zoom OAuth tokens fresh for n8n.', ...props });
    const refresher = new ZoomTokenRefresher(this, 'ZoomTokenRefresher', props);

    this.tell(
      'CallbackUrl',
      refresher.callbackUrl,
      'Redirect URL and OAuth allow list entry of the Zoom app.',
    );
    this.tell('DomainTarget', refresher.domainTarget, 'Where the DNS record of the domain must point.');
    this.tell('AppSecretName', refresher.appSecretName, 'Secret for the credentials of the Zoom app.');
    this.tell(
      'N8nPolicyArn',
      refresher.n8nPolicy.managedPolicyArn,
      'Policy for the user or role with which n8n reads Secrets Manager.',
    );
    this.tell('N8nUserSecretName', refresher.n8nUserSecretName, 'Secret with the access key for n8n.');
    this.tell(
      'OperatorFunctionName',
      refresher.operatorFunction.functionName,
      'Function that the command line invokes.',
    );
    this.tell(
      'OperatorPolicyArn',
      refresher.operatorPolicy.managedPolicyArn,
      'Policy for those who use the command line.',
    );
    this.tell(
      'AlarmTopicArn',
      refresher.alarmTopic.topicArn,
      'Topic that is told of every alarm, and of each connection that must be connected again.',
    );
  }

  private tell(id: string, value: string | undefined, description: string): void {
    if (value !== undefined) new CfnOutput(this, id, { value, description });
  }
}
