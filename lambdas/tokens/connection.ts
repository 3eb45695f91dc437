import { NAME_PATTERN } from '../contract.ts';
import { Failure, type FailureDetails } from './errors.ts';

export type GrantType = 'authorization_code' | 'account_credentials';
export type Status = 'active' | 'reconnect' | 'misconfigured' | 'disconnected';

/** One connection's item. All instants are epoch seconds. */
export interface Connection {
  connection: string;
  /** Which Zoom app's credentials, `default` unless named. */
  app: string;
  grantType: GrantType;
  status: Status;
  /** When the next step is due; for `reconnect`, when a person is told (again). */
  dueAt: number;
  /** +1 at each consent and each disconnection. */
  generation: number;
  /** +1 whenever new tokens are stored, and at a disconnection; the fence of every later write. */
  version: number;
  /** The last version that n8n can read; 0 before the first. */
  publishedVersion: number;
  /** Empty once disconnected. */
  sealedTokens: string;
  /** When the stored access token dies. */
  expiresAt: number;
  /** When the published access token dies: what n8n has. 0 before the first. */
  validUntil: number;
  consentedAt: number;
  /** Tells a repetition of the consent's commit from another consent. */
  consentId: string;
  rotatedAt: number;
  leaseOwner?: string;
  leaseUntil?: number;
  /** Consecutive failures. */
  failures: number;
  /** Since when every step has failed. */
  failingSince?: number;
  lastError?: StepError;
  /** Since when Zoom refuses the refresh token. A second refusal confirms the first. */
  suspectSince?: number;
  /** Consecutive refusals of the refresh token. */
  refusals?: number;
  /** When people were alerted of it last; missing while it is well. */
  alertedAt?: number;
  /** Client id of the app that obtained the refresh token. */
  clientId?: string;
  zoomUserId?: string;
  zoomAccountId?: string;
  /** Does an earlier access token outlive a refresh? */
  overlap: 'yes' | 'no' | 'unknown';
  /** Rotations at which the earlier token was seen alive, and when Zoom was asked last. */
  overlapSeen?: number;
  overlapAskedAt?: number;
  /** When the replaced token that was kept is to be measured. */
  measureAt?: number;
  /** When the first lease was taken of which no outcome is stored yet: the tokens of a killed step may be elsewhere. */
  askedAt?: number;
  /** When a response of Zoom may have been lost; removed by the next grant. A refusal after it is due to that. */
  lostAt?: number;
  /** A consent in the rescue store, of which Zoom has not said yet by whom it was given. */
  keptConsent?: { consentId: string; app: string };
  /** The n8n credentials that are told each new access token; at most one an instance. */
  targets?: PushTarget[];
  /** When it was disconnected, or deauthorized at Zoom; the next consent takes this and the next two away. */
  disconnectedAt?: number;
  /** When Zoom confirmed that the tokens are revoked. */
  revokedAt?: number;
  /** When Secrets Manager deletes the published secret for good. */
  secretDeletedAt?: number;
}

/** One n8n credential, and how far it is. */
export interface PushTarget {
  /** Names the n8n whose address and API key are in the n8n secret. */
  instance: string;
  credentialId: string;
  /** The last version that n8n has taken; 0 before the first. */
  pushedVersion: number;
  /** When the token that n8n has taken expires; epoch seconds. */
  validUntil?: number;
  /** Consecutive failures of the push; the rotation has a count of its own. */
  failures: number;
  lastError?: StepError;
  /** Not before this instant; epoch seconds. */
  retryAt?: number;
}

/** A failure as it is noted. */
type StepError = FailureDetails & { at: number };

/** Zoom's answer with absolute instants. Access tokens live one hour, refresh tokens 90 days. */
export interface Tokens {
  accessToken: string;
  /** Single-use. A Server-to-Server app has none. */
  refreshToken?: string;
  expiresAt: number;
  scope?: string;
  apiUrl?: string;
}

/** What a log line tells of a connection. */
export const logContext = ({
  connection,
  app,
  generation,
  version,
}: Pick<Connection, 'connection' | 'app' | 'generation' | 'version'>) => ({
  connection,
  app,
  generation,
  version,
});

const KINDS = { connection: 'a connection', app: 'an app', instance: 'an n8n instance' };

/** @throws {Failure} `rejected` when the name would not fit n8n's dotted expression. */
export function assertName(kind: keyof typeof KINDS, name: string): void {
  if (NAME_PATTERN.test(name)) return;
  throw new Failure(
    'rejected',
    'invalid_name',
    `"${name.slice(0, 60)}" cannot be the name of ${KINDS[kind]}.`,
    'Use a lower-case letter, then up to 39 lower-case letters, digits and underscores.',
  );
}
