import { type Connection, isDisconnected } from './connection.ts';
import type { ConnectionView } from './connection-view.ts';

/** View of what n8n holds of a connection. Timestamps are epoch seconds. */
export type ReaderView =
  | { n8nHolds: 'valid'; until: number }
  | { n8nHolds: 'expired'; since: number }
  | { n8nHolds: 'nothing' };

type Read = Pick<Connection, 'status' | 'validUntil'>;

/** Returns what n8n holds at `now`, by the reader whose token expires first. A disconnection leaves n8n nothing. */
export function readerView(item: Read, now: number): ReaderView {
  const { validUntil } = item;
  if (validUntil === 0 || isDisconnected(item)) return { n8nHolds: 'nothing' };
  return validUntil > now
    ? { n8nHolds: 'valid', until: validUntil }
    : { n8nHolds: 'expired', since: validUntil };
}

/** Returns when the token is to be replaced, epoch seconds. Another step may be due before. */
export const nextRotation = ({
  dueAt,
  nextRotationAt = dueAt,
}: Pick<ConnectionView, 'dueAt' | 'nextRotationAt'>): number => nextRotationAt;

/** Returns whether a connection reaches no n8n: it has no secret, and it is linked to no n8n. */
export const isUnlinked = ({ place, targets = [] }: Pick<Connection, 'place' | 'targets'>): boolean =>
  place === 'none' && targets.length === 0;

/**
 * Returns the state of a connection in a few words. It never calls a connection active beside a token that does not work.
 */
export function stateText(item: Read & Pick<Connection, 'suspectSince'>, now: number): string {
  const { status, suspectSince } = item;
  if (status !== 'active') return status;
  const { n8nHolds } = readerView(item, now);
  if (n8nHolds === 'expired') return 'token expired';
  if (n8nHolds === 'nothing') return 'no token yet';
  return suspectSince === undefined ? 'active' : 'suspect';
}

/**
 * Returns sentences about a connection whose steps fail: the reason, the next retry, and what n8n holds meanwhile.
 * @param time formats epoch seconds for the reader
 */
export function failureText(
  item: Read & Pick<Connection, 'dueAt' | 'lastError' | 'suspectSince' | 'refusals'>,
  now: number,
  time: (at: number) => string,
): string {
  const { dueAt, lastError, suspectSince, refusals = 1 } = item;
  const next = dueAt > now ? `at ${time(dueAt)}` : 'at the next sweep';
  const isRefused = suspectSince !== undefined && lastError?.code === 'suspect';
  const times = refusals === 1 ? 'once' : `${refusals} times`;
  const reason = isRefused
    ? `Zoom refused the refresh token ${times}; checked again ${next}.`
    : `${lastError?.message ?? 'The last step failed.'} Next retry ${next}.`;
  return `${reason} ${readerText(item, now, time, ' until then')}`;
}

/** Returns what n8n holds as a sentence. @param howLong how long n8n's Zoom nodes fail without a valid token */
export function readerText(item: Read, now: number, time: (at: number) => string, howLong = ''): string {
  const view = readerView(item, now);
  if (view.n8nHolds === 'nothing') return 'n8n has no token yet.';
  if (view.n8nHolds === 'valid') return `n8n's token is valid until ${time(view.until)}.`;
  return `n8n's token expired at ${time(view.since)}, so its Zoom nodes fail${howLong}.`;
}
