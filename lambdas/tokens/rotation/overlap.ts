import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { open } from '../sealing/seal.ts';
import { STORE_SECONDS, USER_TIMEOUT_SECONDS } from '../time-budget.ts';

/** A token that is about to end by itself says nothing about the refresh. */
const LEAST_LIFE_SECONDS = 120;

/**
 * Does the access token of `previous` live on beside that of `item`, which a refresh has just made? Asked until it
 * is known, and only where Zoom has told who consented: there the app's scopes allow the question. Never fails.
 */
export async function measureOverlap(
  previous: Connection,
  item: Connection,
  { zoom, keyring, now }: Pick<Dependencies, 'zoom' | 'keyring' | 'now'>,
  deadline: number,
): Promise<Connection['overlap']> {
  const isAskable =
    item.overlap === 'unknown' &&
    item.zoomUserId !== undefined &&
    previous.expiresAt - now() >= LEAST_LIFE_SECONDS &&
    now() <= deadline - USER_TIMEOUT_SECONDS - STORE_SECONDS;
  if (!isAskable) return item.overlap;
  try {
    const { accessToken } = await open(previous.sealedTokens, previous.connection, keyring);
    return (await zoom.accepts(accessToken)).accepted;
  } catch {
    return 'unknown';
  }
}
