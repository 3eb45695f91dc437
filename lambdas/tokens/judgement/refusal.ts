import type { Connection } from '../connection.ts';
import { Failure } from '../errors.ts';

/** A refusal is believed when a second one confirms it at least this long after the first; seconds. */
const CONFIRMATION_SECONDS = 5 * 60;

/** Waits before a suspect is tried again, by its consecutive refusals; the last one repeats. Seconds. */
const SUSPECT_BACK_OFF_SECONDS = [5, 10, 20, 40].map((minutes) => minutes * 60);

/** Returns whether Zoom has refused the refresh token itself. Stored tokens that cannot be opened are no refusal. */
export const isRefusal = (error: unknown): error is Failure =>
  error instanceof Failure && error.class === 'reconnect' && error.code !== 'unreadable_tokens';

/** Returns whether Zoom's refusals of a connection so far are to be believed. */
export function isBelieved(
  { suspectSince }: Pick<Connection, 'suspectSince'>,
  isIncident: boolean,
  now: number,
): boolean {
  return !isIncident && suspectSince !== undefined && now - suspectSince >= CONFIRMATION_SECONDS;
}

/** Returns the seconds until a suspect is tried again. */
export function suspectBackOff(refusals: number): number {
  const index = Math.min(refusals, SUSPECT_BACK_OFF_SECONDS.length) - 1;
  return SUSPECT_BACK_OFF_SECONDS[index] ?? CONFIRMATION_SECONDS;
}
