/** Longest body of a webhook. Zoom's events have a few hundred bytes. */
export const MAX_BODY_BYTES = 64 * 1024;
