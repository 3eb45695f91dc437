import { bytesFor, USUAL_TOKEN_BYTES } from './content.ts';
import type { Versions } from './version-budget.ts';

/** The item of one bundle. All timestamps are epoch seconds. */
export interface Bundle extends Versions {
  bundle: string;
  /** Incremented by each write, and its condition. */
  revision: number;
  /** By connection. The connections' own items say who belongs to the bundle: this list may have more, never less. */
  members: Record<string, Member>;
  /** The largest access token that was in it, bytes. */
  largestToken?: number;
  /** Numbers the contents, so that one that returns is another version. */
  sequence: number;
  /** The content that was recorded last; missing without a secret. */
  content?: string;
  /**
   * The secret may hold something else than `content`, because a publisher could not record its write: the content that it
   * wrote, `UNKNOWN` if it was killed or deleted the secret. `UNKNOWN` also after a restoration of the table. Missing where
   * nothing is in doubt.
   */
  unrecorded?: string;
  /** Members that did not fit the last time. */
  excess?: string[];
  lease?: BundleLease;
}

/** The holder of a bundle's lease, which alone writes its secret, and when it expires. */
export interface BundleLease {
  owner: string;
  until: number;
}

interface Member {
  since: number;
  /** Size of its field in the secret; an estimate before its first publication. */
  bytes: number;
}

/** Stands for a write of which nothing is known. */
export const UNKNOWN = 'unknown';

export const newBundle = (bundle: string): Bundle => ({ bundle, revision: 0, members: {}, sequence: 0 });

/** Returns the bytes of a bundle with all its members. */
export const bytesOf = ({ members }: Pick<Bundle, 'members'>): number =>
  Object.values(members).reduce((sum, { bytes }) => sum + bytes, 1);

/** Returns the bytes that a new member is expected to take: with the largest token that was seen. */
export const expectedBytes = (
  { largestToken = USUAL_TOKEN_BYTES }: Pick<Bundle, 'largestToken'>,
  connection: string,
): number => bytesFor(connection, largestToken);

/** Returns whether a connection is a member, or fits. */
export const hasRoomFor = (
  bundle: Bundle,
  connection: string,
  mostBytes: number,
  bytes = expectedBytes(bundle, connection),
): boolean => connection in bundle.members || bytesOf(bundle) + bytes <= mostBytes;

/** Returns the bundle with one more member; `undefined` where it does not fit. */
export function withMember(
  bundle: Bundle,
  connection: string,
  { bytes, since, mostBytes }: Member & { mostBytes: number },
): Bundle | undefined {
  if (connection in bundle.members) return bundle;
  if (!hasRoomFor(bundle, connection, mostBytes, bytes)) return undefined;
  return { ...bundle, members: { ...bundle.members, [connection]: { since, bytes } } };
}

/**
 * Returns the bundle with a lease; `undefined` while another one is alive. A publisher that left its lease until it expired
 * may have written the secret. Where nothing is in doubt, the next content is numbered by the time: a restored table does not
 * know the numbers since its backup.
 */
export function withLease(bundle: Bundle, lease: BundleLease, now: number): Bundle | undefined {
  const { lease: earlier } = bundle;
  if (earlier === undefined || earlier.owner === lease.owner) {
    const isCertain = bundle.unrecorded === undefined;
    return { ...bundle, sequence: isCertain ? Math.max(bundle.sequence, now) : bundle.sequence, lease };
  }
  if (earlier.until > now) return undefined;
  // Only the last of several writes in doubt may have this number.
  const sequence = bundle.sequence + (bundle.unrecorded === undefined ? 0 : 1);
  return { ...bundle, sequence, unrecorded: UNKNOWN, lease };
}

/** Returns the bundle after a publisher whose write of this content may have succeeded, and was not recorded. */
export const withUnrecorded = (bundle: Bundle, content: string): Bundle => ({
  ...bundle,
  sequence: sequenceFor(bundle, content),
  unrecorded: content,
});

/**
 * Returns the number that is part of the name of the content's version. Secrets Manager ignores a version whose name it
 * knows. So only a repetition has the number of a content that may have been written.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export const sequenceFor = ({ sequence, unrecorded = UNKNOWN }: Bundle, content: string): number =>
  sequence + (unrecorded === UNKNOWN || unrecorded === content ? 0 : 1);
