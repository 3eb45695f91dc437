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

/** Returns the UTC date of a timestamp as `YYYY-MM-DD`. */
export function formatDate(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().slice(0, 10);
}

/**
 * Returns a timestamp in this machine's time zone: `14:32`, or `Sun 29 Nov 14:32` half a day and more from `now`. The time is
 * that of the clock that set the timestamp: an event has the same time in each output, even where this machine's clock
 * differs, as it does from that of a local stack.
 * @param now epoch seconds, by the clock of `at`
 */
export function formatTime(at: number, now: number): string {
  const date = new Date(at * 1000);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  if (Math.abs(at - now) < DAY / 2) return time;
  const day = date.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short' });
  return `${day.replace(',', '')} ${time}`;
}

/** AWS accepts no request of a machine whose clock differs by more, so that only a local stack's does. Seconds. */
const CLOCK_DIFFERENCE = 5 * MINUTE;

/**
 * Returns a sentence that times are by another clock than this machine's, where the two differ: none or one.
 * @param now epoch seconds, by the installation's clock
 */
export function clockNote(now: number): string[] {
  const ahead = now - Date.now() / 1000;
  if (Math.abs(ahead) < CLOCK_DIFFERENCE) return [];
  const difference = `${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'}`;
  return [
    `Times are by the installation's clock, which shows ${formatTime(now, now)}. It is ${difference} this machine's.`,
  ];
}

/** Returns a timestamp to come as `formatTime` does, and relative: `14:32 (in 29 min)`. */
export const formatUntil = (at: number, now: number): string =>
  `${formatTime(at, now)} (in ${formatDuration(at - now)})`;
