/** Returns the current time in epoch seconds, an integer. */
export type Clock = () => number;

/** Formats epoch seconds for people: `2030-01-01 00:00 UTC`. */
export const utc = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
