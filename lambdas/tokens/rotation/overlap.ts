import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { open } from '../sealing/seal.ts';
import { STORE_SECONDS, USER_TIMEOUT_SECONDS } from '../time-budget.ts';

/** An earlier access token that lives this long after a refresh is said to outlive it; seconds. */
const OUTLIVES_SECONDS = 60;
/** A token that is about to expire by itself says nothing about the refresh; seconds. */
const LEAST_LIFE_SECONDS = 60;
/** Zoom's rule may change: it is measured again this often, so that a change is noticed within a day; seconds. */
const MEASURE_AGAIN_SECONDS = 22 * 60 * 60;
/** Rotations at which the earlier token was seen alive, before early rotations rely on it. */
const LEAST_SEEN = 2;

/** The outcome of a measurement, as it is stored. */
export type Overlap = Pick<Connection, 'overlap' | 'overlapSeen' | 'overlapAskedAt' | 'measureAt'>;

/**
 * Keeps the replaced tokens of a rotation, where it is due to measure whether the earlier access token outlives a refresh.
 * A later sweep asks Zoom for it. Only where Zoom has told who consented: there the app's scopes allow the question.
 * @returns what a measurement is stored as; `measureAt` is when it is due, epoch seconds
 */
export async function keepForMeasurement(
  previous: Connection,
  item: Connection,
  { store, now, log }: Pick<Dependencies, 'store' | 'now' | 'log'>,
): Promise<Overlap> {
  const { overlap, overlapAskedAt } = item;
  const { measureAt: _, ...present } = overlapOf(item);
  const isDue =
    item.grantType === 'authorization_code' &&
    item.zoomUserId !== undefined &&
    (overlap === 'unknown' || now() - (overlapAskedAt ?? 0) >= MEASURE_AGAIN_SECONDS) &&
    previous.expiresAt - now() >= OUTLIVES_SECONDS + 2 * LEAST_LIFE_SECONDS;
  if (!isDue) return present;
  const { connection, sealedTokens, expiresAt } = previous;
  try {
    await store.keepReplaced(connection, { sealedTokens, expiresAt });
    return { ...present, measureAt: now() + OUTLIVES_SECONDS };
  } catch {
    log.warn('The replaced tokens could not be kept: the next rotation measures the overlap.', {
      connection,
    });
    return present;
  }
}

/**
 * Asks Zoom whether the replaced access token is still accepted, a minute after the refresh. Never fails: what could not
 * be learned is measured at the next rotation.
 * @param deadline when the function ends, epoch seconds
 */
export async function measureOverlap(
  item: Connection,
  deps: Pick<Dependencies, 'store' | 'zoom' | 'openingKey' | 'now' | 'log'>,
  deadline: number,
): Promise<Overlap> {
  const { store, zoom, openingKey, now, log } = deps;
  const { connection, overlap } = item;
  const { measureAt: _, ...present } = overlapOf(item);
  if (now() > deadline - USER_TIMEOUT_SECONDS - STORE_SECONDS) return { ...present, measureAt: now() };
  try {
    const replaced = await store.replaced(connection);
    if (!replaced) return present;
    const { accessToken } = await open(replaced.sealedTokens, connection, openingKey);
    const hasLife = replaced.expiresAt - now() >= LEAST_LIFE_SECONDS;
    const accepted = hasLife ? (await zoom.accepts(accessToken)).accepted : 'unknown';
    await store.dropReplaced(connection);
    if (accepted === 'unknown') return present;
    const measured = { ...judge(item, accepted), overlapAskedAt: now() };
    if (measured.overlap !== overlap) log.info('overlap changed', { connection, overlap: measured.overlap });
    return measured;
  } catch {
    return present;
  }
}

/** One contrary sign sets back what is known; an earlier token has to be seen alive twice. */
function judge({ overlap, overlapSeen = 0 }: Connection, accepted: 'yes' | 'no'): Omit<Overlap, 'measureAt'> {
  if (accepted === 'no') return { overlap: 'no' };
  const seen = overlap === 'no' ? 1 : Math.min(overlapSeen + 1, LEAST_SEEN);
  return { overlap: overlap === 'yes' || seen >= LEAST_SEEN ? 'yes' : 'unknown', overlapSeen: seen };
}

/** Returns what is stored of a connection's measurements. */
export const overlapOf = ({ overlap, overlapSeen, overlapAskedAt, measureAt }: Connection): Overlap => ({
  overlap,
  ...(overlapSeen !== undefined && { overlapSeen }),
  ...(overlapAskedAt !== undefined && { overlapAskedAt }),
  ...(measureAt !== undefined && { measureAt }),
});
