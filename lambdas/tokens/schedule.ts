import { createHash } from 'node:crypto';
import { type FailureClass, MARGIN_SECONDS } from '../contract.ts';
import type { Connection } from './connection.ts';
import { postponed } from './publication-room.ts';

/** Remaining lifetime of an access token, in seconds, at which it is replaced. `MARGIN_SECONDS` has the defaults. */
export interface Margins {
  /** For connections whose earlier access token stays valid after a refresh. */
  overlapping: number;
  /** For all others. */
  late: number;
}

export const DEFAULT_MARGINS: Margins = { overlapping: MARGIN_SECONDS.early, late: MARGIN_SECONDS.late };

/** Spreads the rotations of connections that were made in the same minute. Seconds. */
export const JITTER_SECONDS = 5 * 60;

/**
 * Returns when to replace the stored token, epoch seconds: its expiry less the margin and a constant jitter, or later if
 * the published secret has no room for another version.
 */
export function rotateAt(
  connection: Pick<Connection, 'connection' | 'version' | 'expiresAt' | 'overlap'> &
    Partial<Pick<Connection, 'rotatedAt' | 'publications'>>,
  margins: Margins,
): number {
  const margin = connection.overlap === 'yes' ? margins.overlapping : margins.late;
  const preferred = connection.expiresAt - margin - jitter(`${connection.connection}/${connection.version}`);
  return postponed(connection, preferred);
}

/** Returns 0 to `JITTER_SECONDS`, derived from `seed`, so that every function computes the same time for a version. */
function jitter(seed: string): number {
  return createHash('sha256').update(seed).digest().readUInt32BE() % JITTER_SECONDS;
}

const FIRST_BACK_OFF_SECONDS = 30;
/** Much shorter than the late margin, so that several attempts fit before the token expires. */
const LONGEST_BACK_OFF_SECONDS = 5 * 60;
const LONGEST_RETRY_AFTER_SECONDS = 60 * 60;
/** A misconfigured connection is retried every 15 minutes, so that it recovers once the operator has fixed the cause. */
const MISCONFIGURED_BACK_OFF_SECONDS = 15 * 60;

/**
 * Returns the seconds to wait before the next attempt: exponential with full jitter, and at least `retryAfter`.
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
  if (error.class === 'misconfigured')
    return Math.round(MISCONFIGURED_BACK_OFF_SECONDS * (0.75 + random / 2));
  const ceiling = Math.min(
    LONGEST_BACK_OFF_SECONDS,
    FIRST_BACK_OFF_SECONDS * 2 ** Math.min(failures - 1, 10),
  );
  const asked = Math.min(error.retryAfter ?? 0, LONGEST_RETRY_AFTER_SECONDS);
  return Math.max(1, asked, Math.round(ceiling * random));
}
