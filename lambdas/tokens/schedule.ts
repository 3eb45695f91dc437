import { createHash } from 'node:crypto';
import { type FailureClass, MARGIN_SECONDS } from '../contract.ts';
import type { Connection } from './connection.ts';

/** Remaining life of an access token, in seconds, at which it is replaced. See `MARGIN_SECONDS` for the defaults. */
export interface Margins {
  /** Where the earlier token outlives a refresh. */
  overlapping: number;
  /** Where it may not. */
  late: number;
}

export const DEFAULT_MARGINS: Margins = { overlapping: MARGIN_SECONDS.early, late: MARGIN_SECONDS.late };

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
