import { createHash } from 'node:crypto';
import { type FailureClass, MARGIN_SECONDS } from '../contract.ts';
import type { Connection } from './connection.ts';
import { Failure, toFailure } from './errors.ts';
import { bundleOfAny } from './publication/place.ts';
import { rotationSlot } from './publication/slots.ts';
import { postponed } from './publication-room.ts';

/** Remaining lifetime of an access token, in seconds, at which it is replaced. `MARGIN_SECONDS` has the defaults. */
export interface Margins {
  /** For connections whose earlier access token stays valid after a refresh. */
  overlapping: number;
  /** For all others. */
  late: number;
}

export const DEFAULT_MARGINS: Margins = { overlapping: MARGIN_SECONDS.early, late: MARGIN_SECONDS.late };

/** The time of an item that is never due: the end of the year 9999, epoch seconds. */
export const NEVER = 253_402_300_799;

/** Spreads the rotations of connections that were made in the same minute. Seconds. */
export const JITTER_SECONDS = 5 * 60;

/**
 * Returns when to replace the stored token, epoch seconds: its expiry less the margin and a constant jitter, or later if
 * the published secret has no room for another version. The members of a bundle rotate together, in its slots.
 */
export function rotateAt(
  connection: Pick<Connection, 'connection' | 'version' | 'expiresAt' | 'overlap'> &
    Partial<Pick<Connection, 'rotatedAt' | 'publications' | 'place' | 'oldPlaces'>>,
  margins: Margins,
): number {
  const bundle = bundleOfAny(connection);
  const slot = bundle === undefined ? undefined : rotationSlot(bundle, connection, margins.late);
  if (slot !== undefined) return slot;
  const margin = connection.overlap === 'yes' ? margins.overlapping : margins.late;
  const preferred = connection.expiresAt - margin - jitter(`${connection.connection}/${connection.version}`);
  return postponed(connection, preferred);
}

/** Returns when the first reader loses its token, epoch seconds: Secrets Manager's, or an n8n that is pushed to. */
export const earliestEnd = ({ expiresAt, targets = [] }: Pick<Connection, 'expiresAt' | 'targets'>): number =>
  Math.min(expiresAt, ...targets.map(({ validUntil = expiresAt }) => validUntil));

/** Returns 0 to `JITTER_SECONDS`, derived from `seed`, so that every function computes the same time for a version. */
function jitter(seed: string): number {
  return createHash('sha256').update(seed).digest().readUInt32BE() % JITTER_SECONDS;
}

const FIRST_BACK_OFF_SECONDS = 30;
/** Short beside the late margin, so that several attempts fit before the token expires. */
const LONGEST_BACK_OFF_SECONDS = 5 * 60;
const LONGEST_RETRY_AFTER_SECONDS = 60 * 60;
/** A misconfigured connection heals by itself once the operator has fixed it; the last wait repeats. */
const MISCONFIGURED_BACK_OFF_SECONDS = [1, 2, 4, 8, 15].map((minutes) => minutes * 60);
/** A refusal that nobody knows is retried so often once the published token has expired. */
const UNKNOWN_REFUSAL_BACK_OFF_SECONDS = 60 * 60;
/** Until then Zoom may still be working on a request whose response was lost. */
export const AMBIGUOUS_SECONDS = 30;
/** One more attempt is made this long before the published token expires, whatever the back-off. */
export const LAST_ATTEMPT_SECONDS = 2 * 60;

/** A connection that waits for a person is tried, and its alert repeated, this often; seconds. */
export const REMINDER_SECONDS = 24 * 60 * 60;

/**
 * Returns the seconds to wait before the next attempt: exponential with full jitter, at least what the other side asked
 * for.
 * @param failures consecutive failures including this one
 * @param random   0 ≤ x < 1
 */
export function backOff(
  error: { class: FailureClass; retryAfter?: number | undefined },
  failures: number,
  random: number,
): number {
  // Never retried; the alert is due immediately.
  if (error.class === 'reconnect') return 0;
  if (error.class === 'misconfigured') {
    const index = Math.min(failures, MISCONFIGURED_BACK_OFF_SECONDS.length) - 1;
    return MISCONFIGURED_BACK_OFF_SECONDS[index] ?? LONGEST_BACK_OFF_SECONDS;
  }
  const ceiling = Math.min(
    LONGEST_BACK_OFF_SECONDS,
    FIRST_BACK_OFF_SECONDS * 2 ** Math.min(failures - 1, 10),
  );
  const asked = Math.min(error.retryAfter ?? 0, LONGEST_RETRY_AFTER_SECONDS);
  return Math.max(1, asked, Math.round(ceiling * random));
}

/**
 * Returns when a failed connection is tried next, epoch seconds. A retry never waits past the last two minutes of the
 * published token while that lives.
 */
export function nextAttempt(
  { validUntil }: Pick<Connection, 'validUntil'>,
  error: unknown,
  failures: number,
  now: number,
  random: number,
): number {
  const { class: failureClass, code } = toFailure(error);
  const retryAfter = error instanceof Failure ? error.retryAfter : undefined;
  const wait = backOff({ class: failureClass, retryAfter }, failures, random);
  if (failureClass !== 'retry') return now + wait;
  if (code === 'zoom_refused' && now >= validUntil) return now + UNKNOWN_REFUSAL_BACK_OFF_SECONDS;
  const lastAttempt = validUntil - LAST_ATTEMPT_SECONDS;
  const next = lastAttempt > now ? Math.min(now + wait, lastAttempt) : now + wait;
  return code === 'no_answer' ? Math.max(next, now + AMBIGUOUS_SECONDS) : next;
}
