import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { retryUntil } from '../rotation/retry.ts';
import { backOff } from '../schedule.ts';
import type { DisconnectResult } from '../store/disconnections.ts';
import { overtaken } from './begin-disconnect.ts';
import { overwritePushed } from './overwrite-pushed.ts';
import { notDeleted, unpublish } from './unpublish.ts';

/**
 * Overwrites pushed tokens in n8n, deletes the published secret, then erases the stored tokens. This order makes a repetition possible: as long as the item has
 * tokens, something is left to do.
 * @param held the item with its lease
 * @param revokedAt when Zoom confirmed the revocation, epoch seconds
 * @param force deletes the secret without a recovery window
 * @throws {Failure} `rejected` (`overtaken`), or why the secret was not deleted
 */
export async function finishDisconnect(
  held: Connection,
  { revokedAt, force }: { revokedAt: number | undefined; force: boolean },
  deps: Dependencies,
  deadline: number,
): Promise<Connection> {
  const { store, now, log } = deps;
  const { connection } = held;
  const targets = await overwritePushed(held, deps, deadline);
  const unpublished = await unpublish(held, { force, deadline }, deps).catch(
    recordUndeleted({ ...held, ...(targets && { targets }) }, deps),
  );
  // By force, no secret stays restorable: an earlier one is deleted, or has other members again.
  const deletedAt = unpublished.secretDeletedAt ?? (force ? undefined : held.secretDeletedAt);
  const result: DisconnectResult = {
    ...(targets && { targets }),
    ...(deletedAt !== undefined && { secretDeletedAt: deletedAt }),
    ...(revokedAt === undefined ? { lastError: notRevoked(held, now()) } : { revokedAt }),
    ...(unpublished.remains && { lastError: { ...toFailure(unpublished.remains), at: now() } }),
  };
  const item = await retryUntil(deadline, () => store.finishDisconnect(held, result), deps);
  if (item) {
    if (unpublished.remains) throw unpublished.remains;
    log.info('secret deleted and tokens erased', { ...logContext(item), revoked: revokedAt !== undefined });
    return item;
  }
  await store.release(held);
  throw overtaken(connection);
}

/** Records that the secret still exists, and releases the lease. A later sweep deletes it, or a repetition of the command. */
function recordUndeleted(held: Connection, { store, now, random }: Dependencies) {
  return async (error: unknown): Promise<never> => {
    const failure = error instanceof Failure ? error : notDeleted(held.connection, error);
    const { failures, validUntil, targets } = held;
    const dueAt = now() + backOff(failure, failures + 1, random());
    const lastError = { ...toFailure(failure), at: now() };
    const failed = {
      ...{ status: 'disconnected' as const, dueAt, validUntil, failures: failures + 1, lastError },
      ...(targets && { targets }),
    };
    // If this write fails as well, the lease expires.
    await store.fail(held, failed).catch(() => false);
    throw failure;
  };
}

function notRevoked(
  { connection, grantType }: Connection,
  at: number,
): Required<DisconnectResult>['lastError'] {
  const isServer = grantType === 'account_credentials';
  return {
    class: 'misconfigured',
    code: 'not_revoked',
    message: `"${connection}" is disconnected and its tokens are erased here, but Zoom did not confirm that it revoked them. A copy of the access token works until it expires, at most an hour.`,
    action: isServer
      ? 'If that is too long, deactivate the app in the Zoom App Marketplace.'
      : 'Remove the app from the user’s account: Zoom App Marketplace, Manage, Added Apps.',
    at,
  };
}
