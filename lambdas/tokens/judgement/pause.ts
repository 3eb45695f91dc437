import { Failure } from '../errors.ts';
import type { AppHealth } from './app-health.ts';

/** Without `Retry-After`, a rate limit pauses the app for this long; seconds. */
const DEFAULT_PAUSE_SECONDS = 60;
const LONGEST_PAUSE_SECONDS = 60 * 60;

/** A paused app is probed already while it lasts when the nearest published token has this much life left; seconds. */
const URGENT_SECONDS = 2 * 60;
const PROBE_SECONDS = 60;

/** Returns when a pause that begins at `now` ends, epoch seconds. */
export const pauseUntil = (now: number, retryAfter: number | undefined): number =>
  now + Math.min(LONGEST_PAUSE_SECONDS, Math.max(1, retryAfter ?? DEFAULT_PAUSE_SECONDS));

/** Returns whether the app is paused: until Zoom grants a request again, also when the time is over. */
export const isPaused = (health: AppHealth | undefined): boolean => health?.pausedUntil !== undefined;

/**
 * Returns whether a paused app may be probed with one request: when its time is over or the published token at hand expires
 * within two minutes, and then once a minute.
 * @param validUntil when that token expires, epoch seconds
 */
export function mayProbe(
  { pausedUntil = 0, probedAt = 0 }: AppHealth,
  validUntil: number,
  now: number,
): boolean {
  const isOver = now >= pausedUntil;
  const isUrgent = validUntil <= now + URGENT_SECONDS;
  const isFirst = isOver && probedAt < pausedUntil;
  return isFirst || ((isOver || isUrgent) && now >= probedAt + PROBE_SECONDS);
}

/** The failure of a request that was not sent because Zoom's rate limit pauses the app. */
export function appIsPaused(app: string, { pausedUntil = 0 }: AppHealth, now: number): Failure {
  const seconds = Math.max(1, pausedUntil - now);
  return new Failure(
    'retry',
    'app_paused',
    `Zoom was not asked: its rate limit pauses the app "${app}" for another ${seconds} s.`,
    'Nothing to do: the sweeps go on when the time is over.',
    seconds,
  );
}
