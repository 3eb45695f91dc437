/**
 * Returns a token bucket as AWS's APIs have: it gains `perSecond` tokens a second, and holds at most that many. It starts
 * with one token, as in the middle of a backlog.
 * @param now returns milliseconds
 * @returns a function that takes a token, or returns `false` if there is none
 */
export function quota(perSecond: number, now: () => number): () => boolean {
  let tokens = 1;
  let filledAt: number | undefined;
  return () => {
    const at = now();
    tokens = Math.min(perSecond, tokens + ((at - (filledAt ?? at)) / 1000) * perSecond);
    filledAt = at;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
