import { createHash } from 'node:crypto';
import { Failure, type FailureClass, type toFailure } from './errors.ts';

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
  lastError?: StepError;
  zoomUserId?: string;
  zoomAccountId?: string;
  /** Does an earlier access token outlive a refresh? */
  overlap: 'yes' | 'no' | 'unknown';
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
  /** Consecutive failures of the push; the rotation has a count of its own. */
  failures: number;
  lastError?: StepError;
  /** Not before this instant; epoch seconds. */
  retryAt?: number;
}

/** A failure as it is noted. */
type StepError = ReturnType<typeof toFailure> & { at: number };

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

const NAME = /^[a-z][a-z0-9_]{0,39}$/;

const KINDS = { connection: 'a connection', app: 'an app', instance: 'an n8n instance' };

/** @throws {Failure} `rejected` when the name would not fit n8n's dotted expression. */
export function assertName(kind: keyof typeof KINDS, name: string): void {
  if (NAME.test(name)) return;
  throw new Failure(
    'rejected',
    'invalid_name',
    `"${name.slice(0, 60)}" cannot be the name of ${KINDS[kind]}.`,
    'Use a lower-case letter, then up to 39 lower-case letters, digits and underscores.',
  );
}

/** The margins, in seconds of remaining life at which a token is rotated. */
export interface Margins {
  /** Where an earlier token outlives a refresh: early, so that n8n always holds a good while of validity. */
  overlapping: number;
  /** Where it may not: late, so that n8n's polling meets few rotations, with time left for retries. */
  late: number;
}

export const DEFAULT_MARGINS: Margins = { overlapping: 30 * 60, late: 10 * 60 };

/** A fleet that connected in one minute must not rotate in one minute. */
export const JITTER_SECONDS = 5 * 60;

/** When the connection's stored token is to be replaced: the margin before its end, less a steady jitter. */
export function rotateAt(
  connection: Pick<Connection, 'connection' | 'version' | 'expiresAt' | 'overlap'>,
  margins: Margins,
): number {
  const margin = connection.overlap === 'yes' ? margins.overlapping : margins.late;
  return connection.expiresAt - margin - jitter(`${connection.connection}/${connection.version}`);
}

/** Derived, not drawn: every function computes the same instant for the same version. */
function jitter(seed: string): number {
  return createHash('sha256').update(seed).digest().readUInt32BE() % JITTER_SECONDS;
}

const FIRST_BACK_OFF_SECONDS = 30;
/** Short beside the late margin, so that several attempts fit before the token dies. */
const LONGEST_BACK_OFF_SECONDS = 5 * 60;
const LONGEST_RETRY_AFTER_SECONDS = 60 * 60;
/** The pace at which a misconfigured app is tried: it heals by itself once the operator has fixed it. */
const MISCONFIGURED_BACK_OFF_SECONDS = 15 * 60;

/**
 * Seconds to wait before the next attempt: exponential with full jitter, at least what the other side asked for.
 * @param failures consecutive failures including this one
 * @param random   0 ≤ x < 1
 */
export function backOff(
  error: { class: FailureClass; retryAfter?: number | undefined },
  failures: number,
  random: number,
): number {
  // No attempt follows, but the alert.
  if (error.class === 'reconnect') return 0;
  if (error.class === 'misconfigured')
    return Math.round(MISCONFIGURED_BACK_OFF_SECONDS * (0.75 + random / 2));
  const ceiling = Math.min(
    LONGEST_BACK_OFF_SECONDS,
    FIRST_BACK_OFF_SECONDS * 2 ** Math.min(failures - 1, 10),
  );
  const asked = Math.min(error.retryAfter ?? 0, LONGEST_RETRY_AFTER_SECONDS);
  return Math.max(1, asked, Math.round(ceiling * random));
}
