import { type Connection, isDisconnected, logContext } from '../connection.ts';
import type { CallbackDependencies } from '../dependencies.ts';
import { retryUntil } from '../rotation/retry.ts';
import { startConnection } from '../start/start-connection.ts';
import { warnOfFailure } from '../warn-of-failure.ts';
import { beginDisconnect } from './begin-disconnect.ts';
import { lastOverwrite } from './overwrite-pushed.ts';

/** The most by which the clocks of Zoom and of the functions differ, and those of two functions; seconds. */
const MAX_CLOCK_DIFFERENCE_SECONDS = 120;

/**
 * Disconnects a connection whose user has removed the app at Zoom, and deletes the secret that n8n reads. Zoom has revoked
 * the tokens itself. What is left, such as the tokens in n8n's credentials, is for the rotate function, which is started; so
 * is a secret that could not be deleted.
 * @param seen the connection when it was identified as that user's
 * @param at when the user removed the app, epoch seconds
 * @param deadline when the function ends, epoch seconds
 * @returns whether it was disconnected; false if it is already, or if its consent is newer
 * @throws {Failure} `retry` (`busy`) while a step holds the lease: Zoom delivers its event again
 */
export async function disconnectDeauthorized(
  seen: Connection,
  at: number,
  deps: CallbackDependencies,
  deadline: number,
): Promise<boolean> {
  const { store, now } = deps;
  const { connection, generation, consentedAt, revokedAt, sealedTokens, disconnectedAt = 0 } = seen;
  // A consent so shortly before may in truth be the newer one, whose tokens live: then the rotate function revokes them.
  const isCertain = consentedAt + MAX_CLOCK_DIFFERENCE_SECONDS <= at;
  const isKnown = revokedAt !== undefined || sealedTokens === '' || disconnectedAt === at;
  if ((isDisconnected(seen) && isKnown) || consentedAt >= at) return false;
  const ending = {
    ...{ disconnectedAt: Math.max(at, disconnectedAt, lastOverwrite(seen)), generation },
    ...(isCertain && { revokedAt: at }),
  };
  const held = await beginDisconnect(connection, ending, deps, now());
  const secretDeletedAt = await unpublish(held, deps);
  const left = { dueAt: now(), ...(secretDeletedAt !== undefined && { secretDeletedAt }) };
  await retryUntil(deadline, () => store.leaveDisconnect(held, left), deps);
  await startConnection(connection, deps);
  return true;
}

/** Returns until when the secret can be restored, epoch seconds; `undefined` where there is none, or where it is still there. */
async function unpublish(
  held: Connection,
  { vault, log }: Pick<CallbackDependencies, 'vault' | 'log'>,
): Promise<number | undefined> {
  try {
    return await vault.unpublish(held.connection, { force: false });
  } catch (error) {
    warnOfFailure(log, 'The rotate function has to delete the published secret.', error, logContext(held));
    return undefined;
  }
}
