const MINUTE = 60;
const HOUR = 60 * MINUTE;
/** Seconds of a day. */
export const DAY = 24 * HOUR;

/** Returns a duration in its largest useful unit: `45 s`, `42 min`, `5 h`, `12 d`. Rounded down, never negative. */
export function formatDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < 2 * HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < 2 * DAY) return `${Math.floor(s / HOUR)} h`;
  return `${Math.floor(s / DAY)} d`;
}

/** Returns hours and minutes of a timestamp in this machine's time zone. */
export function formatTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** Returns the UTC date of a timestamp as `YYYY-MM-DD`. */
export function formatDate(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 10);
}

/**
 * Returns a time that is past, in this machine's time zone: `14:32` today, `Sun 29 Nov 14:32` earlier.
 * @param now by the clock of `at`, which may differ from this machine's
 */
export function formatMoment(at: number, now: number): string {
  return localTime(at - now, now - at < DAY / 2);
}

/**
 * Returns a time to come, in this machine's time zone and relative: `14:32 (in 29 min)`, `Sun 29 Nov 14:32 (in 3 d)`.
 * @param now by the clock of `at`, which may differ from this machine's
 */
export function formatUntil(at: number, now: number): string {
  const left = at - now;
  return `${localTime(left, left < DAY / 2)} (in ${formatDuration(left)})`;
}

/** Returns this machine's time in some seconds, or before them, with the day unless that is clear. */
function localTime(seconds: number, isNear: boolean): string {
  const local = Date.now() / 1000 + seconds;
  if (isNear) return formatTime(local);
  const day = new Date(local * 1000).toLocaleDateString('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
  });
  return `${day.replace(',', '')} ${formatTime(local)}`;
}
