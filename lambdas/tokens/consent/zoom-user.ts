import type { ZoomUser } from '../apis/zoom-responses.ts';
import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { mayReadUser } from '../n8n-scopes.ts';
import { retryUntil } from '../rotation/retry.ts';
import { STORE_SECONDS, USER_TIMEOUT_SECONDS, ZOOM_TIMEOUT_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';
import type { PendingConsent } from './pending-consent.ts';

/** Longer than the callback may run: until then a first consent under way keeps its Zoom user. */
const CLAIM_SECONDS = 60;

/** The Zoom user to whom a connection is bound: who consented to it, while it lives and where that is known. */
export function ownerOf(item: Connection | undefined): string | undefined {
  return item?.status === 'disconnected' ? undefined : item?.zoomUserId;
}

/**
 * Who consented, where Zoom tells. A bound connection depends on it, and the consent has ended its user's earlier
 * tokens: there Zoom is asked until it answers or the function's time is up, as what must be stored is.
 */
export async function identifyZoomUser(
  accessToken: string,
  { isBound, deadline }: { isBound: boolean; deadline: number },
  deps: Pick<Dependencies, 'zoom' | 'now' | 'wait'>,
): Promise<ZoomUser | undefined> {
  const ask = () => deps.zoom.user(accessToken);
  return (isBound ? retryUntil(deadline, ask, deps) : ask()).catch(() => undefined);
}

/**
 * The connection to which a consent's tokens belong: the one that has the Zoom user already, since linking a user
 * twice kills the first pair at Zoom; else the one that was asked for, unless it is bound to another user.
 * `undefined`: none.
 */
export async function targetConnection(
  user: ZoomUser | undefined,
  { connection, app, replaceUser = false }: Pick<PendingConsent, 'connection' | 'app' | 'replaceUser'>,
  { store, now }: Pick<Dependencies, 'store' | 'now'>,
): Promise<string | undefined> {
  const bound = replaceUser ? undefined : ownerOf(await store.get(connection));
  if (bound !== undefined && bound !== user?.id) {
    // Nothing is claimed for a consent that is about to be refused.
    return user && store.holderOf(app, user.id, now());
  }
  if (!user) return connection;
  return store.claimUser(app, user.id, connection, { now: now(), until: now() + CLAIM_SECONDS });
}

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
      ? `"${connection}" and "${holder}" were connected by the same Zoom user. Zoom ended the tokens of "${holder}". Disconnect it: zoom-tokens disconnect ${holder}.`
      : `"${connection}" and "${holder}" were connected by the same Zoom user. Zoom may end the tokens of "${connection}". Disconnect it: zoom-tokens disconnect ${connection}.`,
    logContext(item),
  );
  return (
    isNewer && (await store.claimUser(app, user.id, connection, { ...claim, from: holder })) === connection
  );
}

/** A consent to a bound connection by somebody else, or by nobody knows whom. It tells nothing of the bound user. */
export function wrongZoomUser(connection: string, user: ZoomUser | undefined): Failure {
  const replace = `zoom-tokens connect ${connection} --replace-user`;
  return user
    ? new Failure(
        'rejected',
        'other_user',
        `"${connection}" belongs to another Zoom user than the one who has just consented; it stays as it was.`,
        `Sign in at Zoom as the user who connected it before, and ask for a new link. To hand "${connection}" over to the present user, ask for a link made with: ${replace}`,
      )
    : new Failure(
        'rejected',
        'user_not_told',
        `"${connection}" belongs to one Zoom user, and Zoom did not tell who has just consented; the consent was not used.`,
        `Ask for a new link. If it happens again, give the Zoom app the scope user:read:user, or ask for a link made with: ${replace}`,
      );
}

/**
 * Gives tokens back to Zoom that nobody will use. Only those of a user who has no connection here: Zoom may end
 * everything that the user and this app share. Without a promise: they end within the hour, or after 90 days.
 */
export async function revokeUnused(
  tokens: (string | undefined)[],
  app: ZoomApp,
  { zoom, now, log }: Pick<Dependencies, 'zoom' | 'now' | 'log'>,
  deadline: number,
): Promise<void> {
  if (now() > deadline - ZOOM_TIMEOUT_SECONDS) return;
  const revoked = await Promise.allSettled(
    tokens.filter((token) => token !== undefined).map((token) => zoom.revoke(app, token)),
  );
  for (const each of revoked) {
    if (each.status === 'fulfilled') continue;
    const { class: failureClass, code, message } = toFailure(each.reason);
    log.warn(`A refused consent's token could not be revoked. ${message}`, { class: failureClass, code });
  }
}
