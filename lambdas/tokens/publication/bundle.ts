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
  /** How many contents were recorded. */
  sequence: number;
  /** The content that was recorded last; missing without a secret. */
  content?: string;
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

/** Returns the bundle with a lease; `undefined` while another one is alive. */
export function withLease(bundle: Bundle, lease: BundleLease, now: number): Bundle | undefined {
  const isHeld = bundle.lease && bundle.lease.until > now && bundle.lease.owner !== lease.owner;
  return isHeld ? undefined : { ...bundle, lease };
}
