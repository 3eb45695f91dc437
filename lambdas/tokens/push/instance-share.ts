import type { Dependencies } from '../dependencies.ts';
import { createFairShare, type FairShare } from '../fair-share.ts';

/**
 * The pushes under way for one n8n instance, of the steps of a sweep. An instance that has not responded yet may
 * have more of them than a slow one, since a push that is put off waits for the next sweep.
 */
const INSTANCE_SHARE = { slowMilliseconds: 1000, most: { untried: 10, quick: 12, slow: 4 } };

/** A push that its instance has no room for is due again after so many seconds, and up to twice as many. */
const PUT_OFF_SECONDS = 20;

export const createInstanceShare = (): FairShare => createFairShare(INSTANCE_SHARE);

/** Returns when a push that is put off is due again, epoch seconds. */
export const putOffUntil = (now: number, random: number): number =>
  now + Math.floor(PUT_OFF_SECONDS * (1 + random));

/** Returns what `work` returns, `undefined` without running it if the share of the instance is used up. */
export async function withinShare<T>(
  instance: string,
  shares: FairShare,
  elapsed: Dependencies['elapsed'],
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (shares.isUsedUp(instance)) return undefined;
  shares.begin(instance);
  const startedAt = elapsed();
  try {
    return await work();
  } finally {
    shares.end(instance, elapsed() - startedAt);
  }
}
