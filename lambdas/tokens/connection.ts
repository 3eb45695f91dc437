import type { FailureDetails } from './errors.ts';
import type { OldPlace, Place } from './publication/place.ts';

export type GrantType = 'authorization_code' | 'account_credentials';
export type Status = 'active' | 'reconnect' | 'misconfigured' | 'disconnected';

/** The item of one connection. All timestamps are epoch seconds. */
export interface Connection {
  connection: string;
  /** The Zoom app whose credentials are used, `default` unless another is named. */
  app: string;
  grantType: GrantType;
  status: Status;
  /** When the next step is due; in the status `reconnect`, when the next alert is due. */
  dueAt: number;
  /** Incremented by each consent and each disconnection. */
  generation: number;
  /** Incremented by each disconnection and whenever new tokens are stored. It fences every later write. */
  version: number;
  /** The last version that n8n can read; 0 before the first. */
  publishedVersion: number;
  /** Empty once disconnected. */
  sealedTokens: string;
  /** When the stored access token expires. */
  expiresAt: number;
  /** When the published access token, the one that n8n holds, expires; 0 before the first. */
  validUntil: number;
  consentedAt: number;
  /** Distinguishes a repetition of the consent's commit from another consent. */
  consentId: string;
  rotatedAt: number;
  /** Place of publication; missing for a secret of its own. */
  place?: Place;
  /** Places that it has left and that are kept current for a while. */
  oldPlaces?: OldPlace[];
  /** The bundle in which it had no room at its consent, so that it got a secret of its own. */
  noRoomIn?: string;
  /** The times of the publications of the last 24 hours; `publication-room.ts` reads them. */
  publications?: string;
  leaseOwner?: string;
  leaseUntil?: number;
  /** Number of consecutive failures. */
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
  /** The granted scopes that n8n's Zoom node uses; missing where Zoom named none. */
  scope?: string;
  zoomUserId?: string;
  zoomAccountId?: string;
  /** Whether an earlier access token stays valid after a refresh. */
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
  keptConsent?: {
    consentId: string;
    app: string;
    /** The place that the consent's link names. */
    place?: Place;
  };
  /** The n8n credentials to which each new access token is pushed; at most one an instance. */
  targets?: PushTarget[];
  /** The n8n credentials that read the published secret by themselves: n8n tests them, nothing writes them. */
  externalCredentials?: ExternalCredential[];
  /** Creations of credentials whose outcome is not known; at most one an instance. */
  pendingCredentials?: PendingCredential[];
  /** When it was disconnected, or deauthorized at Zoom. The next consent removes this and the next two fields. */
  disconnectedAt?: number;
  /** When Zoom confirmed that the tokens are revoked. */
  revokedAt?: number;
  /** When Secrets Manager deletes the published secret permanently. */
  secretDeletedAt?: number;
}

/** One n8n credential, and the version that it holds. */
export interface PushTarget {
  /** Names the n8n instance whose address and API key are in the n8n secret. */
  instance: string;
  credentialId: string;
  /** The last version that n8n accepted; 0 before the first. */
  pushedVersion: number;
  /** When the token in the credential was overwritten after a disconnection; epoch seconds. */
  overwrittenAt?: number;
  /** When the token that n8n has taken expires; epoch seconds. */
  validUntil?: number;
  /** Number of consecutive failures of the push; rotations are counted separately. */
  failures: number;
  lastError?: StepError;
  /** No push is sent before this time, epoch seconds. */
  retryAt?: number;
  /** n8n's test after the link, or after the push that followed a failed one. */
  tested?: CredentialTest;
}

/** The last time that n8n itself used a credential, to test it. */
export interface CredentialTest {
  /** Epoch seconds. */
  at: number;
  /** Missing when n8n did not test it; `message` says why. */
  ok?: boolean;
  message: string;
}

/** An n8n credential whose field is an expression that reads the published secret. */
export interface ExternalCredential {
  instance: string;
  credentialId: string;
  tested?: CredentialTest;
}

/** A credential that was requested from an n8n instance. It is noted before the request, and removed by its response. */
export interface PendingCredential {
  instance: string;
  url: string;
  /** The id that it was requested with. */
  id: string;
  name: string;
  /** When it was requested; epoch seconds. */
  at: number;
}

/** A failure as an item stores it; `at` is in epoch seconds. */
type StepError = FailureDetails & { at: number };

/** Zoom's token response with absolute times. Access tokens live one hour, refresh tokens 90 days. */
export interface Tokens {
  accessToken: string;
  /** Single-use. A Server-to-Server app has none. */
  refreshToken?: string;
  /** Epoch seconds. */
  expiresAt: number;
  scope?: string;
  apiUrl?: string;
}

type WithStatus = Pick<Connection, 'status'>;

/** Returns whether the connection has ended: it has no tokens until the next consent. */
export const isDisconnected = ({ status }: WithStatus): boolean => status === 'disconnected';

/** Returns whether steps rotate the connection. In the other statuses only a new consent helps. */
export const isRotatable = ({ status }: WithStatus): boolean =>
  status === 'active' || status === 'misconfigured';

/** Returns the fields of a connection that a log line contains. */
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

/** Returns whether people were alerted of a connection of which every reader holds a valid token again at `now`. */
export const hasRecovered = ({ alertedAt, validUntil }: Connection, now: number): boolean =>
  alertedAt !== undefined && validUntil > now;
