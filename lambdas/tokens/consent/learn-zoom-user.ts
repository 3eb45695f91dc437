import type { ZoomUser } from '../apis/zoom-responses.ts';
import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { mayReadUser } from '../n8n-scopes.ts';
import { STORE_SECONDS, USER_TIMEOUT_SECONDS } from '../time-budget.ts';
import { CLAIM_SECONDS } from './zoom-user.ts';

/**
 * Learns after a rotation who consented, where Zoom could not say at the consent. Never fails: the next rotation asks again.
 * @param accessToken of this very rotation
 * @param deadline when the function ends, epoch seconds
 * @returns what the connection is to store; empty where nothing was learned
 */
export async function learnZoomUser(
  item: Connection,
  accessToken: string,
  deps: Pick<Dependencies, 'zoom' | 'store' | 'now' | 'log'>,
  deadline: number,
): Promise<Pick<Connection, 'zoomUserId' | 'zoomAccountId'>> {
  const isAskable =
    item.grantType === 'authorization_code' &&
    item.zoomUserId === undefined &&
    mayReadUser(item.scope) &&
    deps.now() <= deadline - USER_TIMEOUT_SECONDS - STORE_SECONDS;
  if (!isAskable) return {};
  try {
    const user = await deps.zoom.user(accessToken);
    if (!user || !(await claimLearned(item, user, deps))) return {};
    return { zoomUserId: user.id, ...(user.accountId !== undefined && { zoomAccountId: user.accountId }) };
  } catch {
    return {};
  }
}

/**
 * Claims a user who was learned after the consent. Another connection may have the user already. The pair of the newest
 * consent is the one that lives at Zoom, so the user goes to the connection with that consent.
 */
async function claimLearned(
  item: Connection,
  user: ZoomUser,
  { store, now, log }: Pick<Dependencies, 'store' | 'now' | 'log'>,
): Promise<boolean> {
  const { connection, app } = item;
  const claim = { now: now(), until: now() + CLAIM_SECONDS };
  const holder = await store.claimUser(app, user.id, connection, claim);
  if (holder === connection) return true;
  const other = await store.get(holder);
  const isNewer = other !== undefined && other.consentedAt < item.consentedAt;
  log.warn(
    isNewer
      ? `"${connection}" and "${holder}" were connected by the same Zoom user. Zoom ended the tokens of "${holder}". Disconnect it: npx zoom-tokens disconnect ${holder}.`
      : `"${connection}" and "${holder}" were connected by the same Zoom user. Zoom may end the tokens of "${connection}". Disconnect it: npx zoom-tokens disconnect ${connection}.`,
    logContext(item),
  );
  return (
    isNewer && (await store.claimUser(app, user.id, connection, { ...claim, from: holder })) === connection
  );
}
