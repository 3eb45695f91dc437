/**
 * A token bucket, as AWS limits its API: `perSecond` flow in, `perSecond` is the most it holds. The first taker finds
 * only its own token, as amid a backlog.
 * @param now milliseconds
 * @returns takes a token; `false` where there is none
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
