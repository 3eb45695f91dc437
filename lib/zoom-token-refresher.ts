import { Annotations, Tags } from 'aws-cdk-lib';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { DEFAULT_APP, ROUTES, withNamedCommands } from '../lambdas/contract.ts';
import { CallbackApi } from './functions/callback-api.ts';
import { Operator } from './functions/operator.ts';
import { Rotation } from './functions/rotation.ts';
import { Alarms } from './monitoring/alarms.ts';
import { Dashboard } from './monitoring/dashboard.ts';
import { type Existing, missingParts } from './settings/existing.ts';
import type { ZoomTokenRefresherProps } from './settings/props.ts';
import { toSettings } from './settings/read-settings.ts';
import type { Settings } from './settings/settings.ts';
import { AuditLog } from './storage/audit-log.ts';
import { Connections } from './storage/connections.ts';
import { Credentials } from './storage/credentials.ts';
import { Encryption } from './storage/encryption.ts';
import { requireOwnRegion, requireRegionOf } from './storage/own-region.ts';
import { PublishedTokens } from './storage/published-tokens.ts';
import { RescueBucket } from './storage/rescue-bucket.ts';

export type { ZoomTokenRefresherProps };

/** Keeps Zoom's OAuth tokens fresh, and publishes the access tokens to n8n through Secrets Manager. */
export class ZoomTokenRefresher extends Construct {
  /** Redirect URL of the Zoom app, to which Zoom sends the browser after the consent. */
  readonly callbackUrl: string;
  /** Target of the DNS record for `domainName`; `undefined` without one. */
  readonly domainTarget: string | undefined;
  /** Policy for the IAM user or role with which n8n reads Secrets Manager. */
  readonly n8nPolicy: IManagedPolicy;
  /** ARN of the secret with the n8n user's access key; `undefined` without `createN8nUser`. */
  readonly n8nUserSecretArn: string | undefined;
  /** ARN of the role that the accounts of `n8nAccountIds` may assume; `undefined` without any. */
  readonly n8nRoleArn: string | undefined;
  /** The function that the command line invokes. */
  readonly operatorFunction: IFunction;
  /** Policy for the people and pipelines that use the command line. */
  readonly operatorPolicy: IManagedPolicy;
  /** ARN of the secret of each Zoom app, whose credentials an operator fills in. */
  readonly appSecretArns: ReadonlyMap<string, string>;
  /** The resources that outlive the stack; a later stack takes them over with the setting `existing`. */
  readonly existing: Existing;
  /** Receives every alarm, and a message for each connection that needs a new consent. */
  readonly alarmTopic: ITopic;
  /** The address whose owner must confirm the topic's mail; `undefined` without one. */
  readonly alarmEmail: string | undefined;

  /** @throws {Error} that names the invalid property, what it must be and what it is */
  constructor(scope: Construct, id: string, props: ZoomTokenRefresherProps = {}) {
    super(scope, id);
    const settings = toSettings(props);
    requireOwnRegion(this, settings.existing);
    requireRegionOf(this, settings);
    const encryption = new Encryption(this, 'Encryption', { settings });
    const connections = new Connections(this, 'Connections', { settings, encryption });
    const credentials = new Credentials(this, 'Credentials', { settings, encryption });
    // The ids of constructs are part of their resources' logical ids, so they never change.
    const publishedTokens = new PublishedTokens(this, 'N8nAccess', { settings, encryption });
    const rescueBucket = new RescueBucket(this, 'RescueBucket', { settings, encryption });
    const auditLog = new AuditLog(this, 'AuditLog', { settings });
    const functionProps = { settings, connections, credentials, publishedTokens, rescueBucket };

    const callbackApi = new CallbackApi(this, 'CallbackApi', functionProps);
    const rotation = new Rotation(this, 'Rotation', { ...functionProps, callbackApi });
    const operator = new Operator(this, 'Operator', { ...functionProps, callbackApi, encryption, auditLog });
    const functions = { callbackApi, rotation, operator };
    const alarms = new Alarms(this, 'Alarms', { settings, encryption, ...functions });
    alarms.grantAlert(rotation.function);
    alarms.grantCheck(operator.function);
    if (settings.monitoring === 'full') new Dashboard(this, 'Dashboard', { settings, alarms, ...functions });
    // Some Regions reject tags on a dashboard.
    Tags.of(this).add('application', settings.name, {
      excludeResourceTypes: ['AWS::CloudWatch::Dashboard'],
    });

    this.existing = {
      table: connections.tableName,
      rescueBucket: rescueBucket.bucketName,
      ...credentials.existing(),
      ...(encryption.topicKey && { kmsKeyArn: encryption.topicKey.keyArn }),
      auditLogGroup: auditLog.logGroupName,
    };
    this.warn(settings);
    this.callbackUrl = callbackApi.url + ROUTES.callback;
    this.domainTarget = callbackApi.domainTarget;
    this.n8nPolicy = publishedTokens.policy;
    this.n8nUserSecretArn = publishedTokens.userSecretArn;
    this.n8nRoleArn = publishedTokens.roleArn;
    this.operatorFunction = operator.function;
    this.operatorPolicy = operator.policy;
    this.appSecretArns = credentials.appArns;
    this.alarmTopic = alarms.topic;
    this.alarmEmail = settings.alarmEmail;
  }

  private warn(settings: Settings): void {
    const apps = [DEFAULT_APP, ...settings.apps];
    for (const [part, consequence] of missingParts({ ...settings, apps })) {
      Annotations.of(this).addWarningV2(
        `zoom-token-refresher:existing-${part}`,
        `"existing" has no ${part}, so a new stack creates its own (a living one keeps what it has). ${withNamedCommands(consequence, settings.name)}`,
      );
    }
    if (settings.removalPolicy === 'retain') return;
    if (settings.deletionProtection) {
      Annotations.of(this).addWarningV2(
        'zoom-token-refresher:protected',
        'With "removalPolicy": "destroy" and "deletionProtection": true, cdk destroy fails at the table, after it has deleted other parts. Deploy with "deletionProtection": false first.',
      );
    }
    Annotations.of(this).addWarningV2(
      'zoom-token-refresher:destroy',
      'With "removalPolicy": "destroy", cdk destroy deletes the table, the keys, the credentials and the audit log at once, and nothing brings them back: every connection needs a new consent, and every app its credentials.',
    );
  }
}
