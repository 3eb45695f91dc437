/** Returns the current time in epoch seconds, an integer. */
export type Clock = () => number;

/** Formats epoch seconds for people: `2030-01-01 00:00 UTC`. */
export function utc(at: number): string {
  const date = new Date(at * 1000);
  // A malformed item must not spoil a message about others.
  if (Number.isNaN(date.getTime())) return 'an unknown time';
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
