import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { OperatorResponse } from '../lambdas/operator-protocol.ts';
import type { Clock } from '../lambdas/tokens/clock.ts';
import type { SecretsOptions } from './aws/secrets-manager/secrets.ts';
import type { Breakage } from './breakage.ts';
import type { Journal } from './journal.ts';
import type { SampleN8n } from './sample-n8n.ts';

/** The JSON of an app secret: the credentials of one Zoom app. */
export interface AppSecret {
  client_id: string;
  client_secret: string;
  account_id?: string;
  webhook_secret_token?: string;
}

/** Zoom apps by their names. */
export type Apps = Record<string, AppSecret>;

export interface LocalStackOptions {
  now: Clock;
  /** How many times as fast as real time `now` runs. The functions' timeouts are counted in its seconds. */
  speed: number;
  /** The page and the API take this port, Zoom and the AWS services the four after it; 0 takes any free ones. */
  port: number;
  /** Which operation is denied on which secret. Default: none. */
  denied?: SecretsOptions['denied'];
  /** A real Zoom instead of the local one. */
  zoom?: { oauthUrl: string; apiUrl: string; apps: Apps };
}

interface BreakableZoom {
  /** Each switch takes effect at the next request. */
  breakage: Breakage;
  /** Revokes the refresh token of a user's connection at Zoom. Returns whether there was one. */
  revokeRefreshToken(connection: string): Promise<boolean>;
}

/** Everything that `cdk deploy` creates, on one machine. */
export interface LocalStack {
  publicUrl: string;
  zoomUrl: string;
  /** The local Zoom; `undefined` where a real one is used, which cannot be broken. */
  zoom: BreakableZoom | undefined;
  /** The environment variables with which another program uses the same AWS services. */
  environment: Record<string, string>;
  /** Names of the Zoom apps that have credentials. */
  apps: string[];
  speed: number;
  now: Clock;
  journal: Journal;
  secretsManager: SecretsManagerClient;
  /** Calls Zoom as n8n would with this program, and without it. */
  n8n: SampleN8n;
  /** Invokes the rotate function, as the scheduler does every minute. */
  sweep(): Promise<unknown>;
  /** Invokes the operator function, as the command line does. */
  operate(request: object): Promise<OperatorResponse>;
  close(): Promise<void>;
}
