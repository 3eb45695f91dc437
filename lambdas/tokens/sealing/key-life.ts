/** How long a function uses a key that it has read, seconds. A replaced key takes effect within this time. */
export const KEY_SECONDS = 10 * 60;

/**
 * Minimum seconds between two reads of a key for unknown ids. Strangers can put any id into a link or a cookie, a table may
 * have many connections with one, and each would otherwise cost a read.
 */
export const REREAD_SECONDS = 10;
