import { RemovalPolicy } from 'aws-cdk-lib';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { CallbackApi } from './callback-api.ts';
import { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import { N8nAccess } from './n8n-access.ts';
import { Operator } from './operator.ts';
import { Rotation } from './rotation.ts';
import { settings } from './settings.ts';

export interface ZoomTokenRefresherProps {
  /**
   * Prefix of the names of functions and secrets, such as `<name>-operator` and `<name>/app/default`.
   * 1 to 40 of a-z, 0-9 and "-", the first a letter. One of a name in an account and Region.
   * @default 'zoom-token-refresher'
   */
  readonly name?: string;

  /**
   * Origin of Zoom's OAuth endpoints, without a slash at its end.
   * @default 'https://zoom.us'
   */
  readonly zoomOauthUrl?: string;

  /**
   * Origin of Zoom's API, without a slash at its end.
   * @default 'https://api.zoom.us'
   */
  readonly zoomApiUrl?: string;

  /**
   * What becomes of the table and the secrets when the stack is destroyed. Without them every connection has
   * to be made anew.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, they are kept, unless the very deployment that creates
   * them fails: then they go, and their names are free for the next attempt
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Keeps Zoom's OAuth tokens fresh, and publishes the access tokens to n8n through Secrets Manager. */
export class ZoomTokenRefresher extends Construct {
  /** Where Zoom sends a browser after the consent: the app's redirect URL at Zoom. */
  readonly callbackUrl: string;
  /** For the user or role with which n8n reads Secrets Manager. */
  readonly n8nPolicy: IManagedPolicy;
  /** Invoked by the command line. */
  readonly operatorFunction: IFunction;
  /** Credentials of the default Zoom app, to be filled in by the operator. */
  readonly appSecret: Secret;

  /** @throws {Error} that names the property whose value is wrong */
  constructor(scope: Construct, id: string, props: ZoomTokenRefresherProps = {}) {
    super(scope, id);
    const chosen = settings(props);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

    const connections = new Connections(this, 'Connections', { removalPolicy });
    const credentials = new Credentials(this, 'Credentials', { settings: chosen, removalPolicy });
    const n8nAccess = new N8nAccess(this, 'N8nAccess');
    const parts = { settings: chosen, connections, credentials, n8nAccess };

    const callbackApi = new CallbackApi(this, 'CallbackApi', parts);
    new Rotation(this, 'Rotation', { ...parts, callbackApi });
    const operator = new Operator(this, 'Operator', { ...parts, callbackApi });

    this.callbackUrl = `${callbackApi.url}/callback`;
    this.n8nPolicy = n8nAccess.policy;
    this.operatorFunction = operator.function;
    this.appSecret = credentials.defaultApp;
  }
}
