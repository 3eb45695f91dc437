/** Returns the current time in epoch seconds, an integer. */
export type Clock = () => number;

/** Returns whether `since` is at most some seconds ago. A clock that was set back makes it long ago. Epoch seconds. */
export const isWithin = (seconds: number, since: number | undefined, now: number): boolean =>
  since !== undefined && now >= since && now - since < seconds;

/** Formats epoch seconds for people: `2030-01-01 00:00 UTC`. */
export function utc(at: number): string {
  const date = new Date(at * 1000);
  // A malformed item must not spoil a message about others.
  if (Number.isNaN(date.getTime())) return 'an unknown time';
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const UNITS = [
  { name: 'day', seconds: 24 * 60 * 60, least: 2 },
  { name: 'hour', seconds: 60 * 60, least: 2 },
  { name: 'minute', seconds: 60, least: 1 },
];

/** Returns how far in the future a timestamp is, in words: `in 29 minutes`, `in 3 days`. */
export function timeLeft(at: number, now: number): string {
  const left = at - now;
  const unit = UNITS.find(({ seconds, least }) => left >= least * seconds);
  if (!unit) return 'in less than a minute';
  const count = Math.floor(left / unit.seconds);
  return `in ${count} ${unit.name}${count === 1 ? '' : 's'}`;
}
