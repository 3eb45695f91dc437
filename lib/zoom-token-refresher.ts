import { Tags } from 'aws-cdk-lib';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { CallbackApi } from './functions/callback-api.ts';
import { Operator } from './functions/operator.ts';
import { Rotation } from './functions/rotation.ts';
import { Alarms } from './monitoring/alarms.ts';
import { Dashboard } from './monitoring/dashboard.ts';
import type { ZoomTokenRefresherProps } from './settings/props.ts';
import { settings as complete } from './settings/settings.ts';
import { Connections } from './storage/connections.ts';
import { Credentials } from './storage/credentials.ts';
import { Encryption } from './storage/encryption.ts';
import { N8nAccess } from './storage/published-tokens.ts';
import { RescueBucket } from './storage/rescue-bucket.ts';

export type { ZoomTokenRefresherProps };

/** Keeps Zoom's OAuth tokens fresh, and publishes the access tokens to n8n through Secrets Manager. */
export class ZoomTokenRefresher extends Construct {
  /** Where Zoom sends a browser after the consent: the app's redirect URL at Zoom. */
  readonly callbackUrl: string;
  /** Where the DNS record of `domainName` must point. */
  readonly domainTarget: string | undefined;
  /** For the user or role with which n8n reads Secrets Manager. */
  readonly n8nPolicy: IManagedPolicy;
  /** Name of the secret that `createN8nUser` makes. */
  readonly n8nUserSecretName: string | undefined;
  /** Invoked by the command line. */
  readonly operatorFunction: IFunction;
  /** For the people and pipelines that use the command line. */
  readonly operatorPolicy: IManagedPolicy;
  /** Name of the secret for the credentials of the default Zoom app, to be filled in by the operator. */
  readonly appSecretName: string;
  /** Told of every alarm, and of each connection that must be connected again. */
  readonly alarmTopic: ITopic;

  /** @throws {Error} that names the property whose value is wrong */
  constructor(scope: Construct, id: string, props: ZoomTokenRefresherProps = {}) {
    super(scope, id);
    const settings = complete(props);
    const encryption = new Encryption(this, 'Encryption', { settings });
    const connections = new Connections(this, 'Connections', { settings, encryption });
    const credentials = new Credentials(this, 'Credentials', { settings, encryption });
    const n8nAccess = new N8nAccess(this, 'N8nAccess', { settings, encryption });
    const rescueBucket = new RescueBucket(this, 'RescueBucket', { settings, encryption });
    const parts = { settings, connections, credentials, n8nAccess, rescueBucket };

    const callbackApi = new CallbackApi(this, 'CallbackApi', parts);
    const rotation = new Rotation(this, 'Rotation', { ...parts, callbackApi });
    const operator = new Operator(this, 'Operator', { ...parts, callbackApi, encryption });
    const watched = { callbackApi, rotation, operator };
    const alarms = new Alarms(this, 'Alarms', { settings, encryption, ...watched });
    alarms.grantAlert(rotation.function);
    new Dashboard(this, 'Dashboard', { settings, alarms, ...watched });
    // Not every Region takes tags on a dashboard.
    Tags.of(this).add('application', settings.name, {
      excludeResourceTypes: ['AWS::CloudWatch::Dashboard'],
    });

    this.callbackUrl = `${callbackApi.url}/callback`;
    this.domainTarget = callbackApi.domainTarget;
    this.n8nPolicy = n8nAccess.policy;
    this.n8nUserSecretName = n8nAccess.userSecretName;
    this.operatorFunction = operator.function;
    this.operatorPolicy = operator.policy;
    this.appSecretName = credentials.defaultAppName;
    this.alarmTopic = alarms.topic;
  }
}
