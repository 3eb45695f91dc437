import type { ZoomUser } from '../apis/zoom-responses.ts';
import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { retryUntil } from '../rotation/retry.ts';
import { ZOOM_TIMEOUT_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';
import { warnOfFailure } from '../warn-of-failure.ts';

/** The connection for which a consent was given. */
interface TargetRequest {
  connection: string;
  app: string;
  replaceUser?: boolean;
}

/** For how long a first consent in progress keeps its Zoom user: longer than the timeout of the callback. Seconds. */
export const CLAIM_SECONDS = 60;

/** Returns the id of the Zoom user who consented to a connection; `undefined` if unknown or disconnected. */
export function ownerOf(item: Connection | undefined): string | undefined {
  return item && !isDisconnected(item) ? item.zoomUserId : undefined;
}

/**
 * Returns the Zoom user who consented, `undefined` if Zoom does not identify one. A connection that is bound to a user
 * cannot do without the user, and the consent has revoked the user's earlier tokens at Zoom. For these the request is
 * retried until the deadline.
 */
export async function identifyZoomUser(
  accessToken: string,
  { isBound, deadline }: { isBound: boolean; deadline: number },
  deps: Pick<Dependencies, 'zoom' | 'now' | 'wait'>,
): Promise<{ user: ZoomUser | undefined; isAnswered: boolean }> {
  const request = async () => ({ user: await deps.zoom.user(accessToken), isAnswered: true });
  return (isBound ? retryUntil(deadline, request, deps) : request()).catch(() => ({
    user: undefined,
    isAnswered: false,
  }));
}

/**
 * Returns the connection that gets the tokens of a consent; `undefined` if none may. A connection that already holds the
 * Zoom user comes first, because the second consent of a user revokes the tokens of the first at Zoom. Otherwise it is the
 * requested connection, unless that is bound to a different user.
 */
export async function targetConnection(
  user: ZoomUser | undefined,
  { connection, app, replaceUser = false }: TargetRequest,
  { store, now }: Pick<Dependencies, 'store' | 'now'>,
): Promise<string | undefined> {
  const bound = replaceUser ? undefined : ownerOf(await store.get(connection));
  if (bound !== undefined && bound !== user?.id) {
    // A consent that is refused claims no user.
    return user && store.holderOf(app, user.id, now());
  }
  if (!user) return connection;
  return store.claimUser(app, user.id, connection, { now: now(), until: now() + CLAIM_SECONDS });
}

/**
 * Error for a consent by a different Zoom user, or by one that Zoom did not identify. Does not reveal who owns the
 * connection.
 */
export function wrongZoomUser(connection: string, user: ZoomUser | undefined): Failure {
  const replace = `npx zoom-tokens connect ${connection} --replace-user`;
  return user
    ? new Failure(
        'rejected',
        'other_user',
        `"${connection}" belongs to a different Zoom user than the one who just consented. It was not changed.`,
        `Ask for a new link and sign in to Zoom as the user who connected it before. To hand "${connection}" over to the current user, ask for a link made with: ${replace}`,
      )
    : new Failure(
        'rejected',
        'user_not_told',
        `"${connection}" belongs to one Zoom user, and Zoom did not identify the user who just consented. The consent was not used.`,
        `Ask for a new link. If this happens again, add the scope user:read:user to the Zoom app, or ask for a link made with: ${replace}`,
      );
}

/**
 * Revokes the tokens of a refused consent. Call it only for a user without a connection here, because Zoom may revoke all
 * tokens of this user and app. Never throws: unrevoked tokens expire, the access token within an hour and the refresh token
 * after 90 days.
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
    warnOfFailure(log, 'The token of a refused consent was not revoked.', each.reason);
  }
}
