import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DEFAULT_APP } from '../lambdas/contract.ts';
import { ZoomTokenRefresher, type ZoomTokenRefresherProps } from './zoom-token-refresher.ts';

/** A stack with one `ZoomTokenRefresher`. Its outputs are the values that an operator needs after the deployment. */
export class ZoomTokenRefresherStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & ZoomTokenRefresherProps = {}) {
    super(scope, id, { description: 'Keeps Zoom OAuth tokens fresh for n8n.', ...props });
    const refresher = new ZoomTokenRefresher(this, 'ZoomTokenRefresher', props);

    this.output(
      'CallbackUrl',
      refresher.callbackUrl,
      'Redirect URL of the Zoom app; enter it in its OAuth allow list too.',
    );
    this.output('DomainTarget', refresher.domainTarget, 'Target of the DNS record for domainName.');
    this.output(
      'AppSecretArn',
      refresher.appSecretArns.get(DEFAULT_APP),
      "Secret for the default Zoom app's credentials.",
    );
    this.output(
      'N8nPolicyArn',
      refresher.n8nPolicy.managedPolicyArn,
      'Policy for the IAM user or role with which n8n reads Secrets Manager.',
    );
    this.output('N8nUserSecretArn', refresher.n8nUserSecretArn, "Secret with the n8n user's access key.");
    this.output(
      'N8nRoleArn',
      refresher.n8nRoleArn,
      'Role that the n8n of another account assumes to read the tokens.',
    );
    this.output(
      'OperatorFunctionName',
      refresher.operatorFunction.functionName,
      'Function that the command line invokes.',
    );
    this.output(
      'OperatorPolicyArn',
      refresher.operatorPolicy.managedPolicyArn,
      'Policy for the people and pipelines that use the command line.',
    );
    this.output(
      'Existing',
      this.toJsonString(refresher.existing),
      'Value of the setting "existing". Keep it: with it a later stack takes over the connections and the credentials.',
    );
    this.output(
      'AlarmTopicArn',
      refresher.alarmTopic.topicArn,
      'Topic that receives every alarm, and a message for each connection that needs a new consent.',
    );
    // `cdk deploy` prints the values of outputs, without their descriptions.
    this.output(
      'ConfirmAlarmEmail',
      refresher.alarmEmail && `Confirm the mail that AWS sent to ${refresher.alarmEmail}`,
      'Until the mail is confirmed, no one is notified of problems.',
    );
  }

  private output(id: string, value: string | undefined, description: string): void {
    if (value !== undefined) new CfnOutput(this, id, { value, description });
  }
}
