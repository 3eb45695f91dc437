/** How long a function uses a key that it has read, seconds. A replaced key takes effect within this time. */
export const KEY_SECONDS = 10 * 60;

/** Returns whether `since` is at most some seconds ago. A clock that was set back makes it long ago. Epoch seconds. */
export const isWithin = (seconds: number, since: number, now: number): boolean =>
  now >= since && now - since < seconds;
