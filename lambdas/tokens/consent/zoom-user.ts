import type { ZoomUser } from '../apis/zoom-responses.ts';
import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { retryUntil } from '../rotation/retry.ts';
import { ZOOM_TIMEOUT_SECONDS } from '../time-budget.ts';
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
): Promise<{ user: ZoomUser | undefined; isAnswered: boolean }> {
  const ask = async () => ({ user: await deps.zoom.user(accessToken), isAnswered: true });
  return (isBound ? retryUntil(deadline, ask, deps) : ask()).catch(() => ({
    user: undefined,
    isAnswered: false,
  }));
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
