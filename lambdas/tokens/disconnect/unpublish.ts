import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, reworded, toFailure } from '../errors.ts';
import { bundleOf, placesOf } from '../publication/place.ts';
import { publishBundle } from '../publication/publish-bundle.ts';

interface Unpublished {
  /** When the connection's own secret, or the bundle's that it was the last member of, is deleted; epoch seconds. */
  secretDeletedAt?: number;
  /** Why a bundle's secret still has the token. */
  remains?: Failure;
}

/**
 * Removes a disconnected connection from every place in which n8n reads it. Its item says already that it is disconnected, so
 * that no publication of a bundle has its token any more.
 * @throws why a secret was not deleted or written
 */
export async function unpublish(
  item: Connection,
  { force, deadline }: { force: boolean; deadline: number },
  deps: Dependencies,
): Promise<Unpublished> {
  const { connection } = item;
  const unpublished: Unpublished = {};
  for (const each of placesOf(item)) {
    const bundle = bundleOf(each);
    if (each === 'own') {
      const deletedAt = await deps.vault.unpublish(connection, { force }).catch((error) => {
        throw notDeleted(connection, error);
      });
      if (deletedAt !== undefined) unpublished.secretDeletedAt = deletedAt;
    } else if (bundle !== undefined) {
      try {
        const { secretDeletedAt } = await publishBundle(bundle, [], deps, {
          ...{ deadline, force, isRemoval: true },
        });
        if (secretDeletedAt !== undefined) unpublished.secretDeletedAt = secretDeletedAt;
      } catch (error) {
        const failure = notRemoved(connection, bundle, error);
        if (!(error instanceof Failure) || error.code !== 'bundle_waits') throw failure;
        // A publication since may have left it out. It is other members, then, that wait.
        const stored = await deps.store.bundle(bundle);
        if (stored?.unrecorded !== undefined || (stored && connection in stored.members))
          unpublished.remains = failure;
      }
    }
  }
  return unpublished;
}

/** Error for a secret of the connection's own that could not be deleted. */
export function notDeleted(connection: string, error: unknown): Failure {
  const isDisconnected = `"${connection}" is disconnected, but its`;
  if (error instanceof Failure)
    return reworded(error, { message: `${isDisconnected} secret is not deleted. ${error.message}` });
  const name = error instanceof Error ? error.name : 'unknown';
  return new Failure(
    'retry',
    'not_withdrawn',
    `${isDisconnected} published secret was not deleted (${name}).`,
    `Disconnect it again: npx zoom-tokens disconnect ${connection}.`,
  );
}

/** Error for a token that may still be in a bundle's secret. Keeps the code of what an operator must do first. */
function notRemoved(connection: string, bundle: string, error: unknown): Failure {
  const { class: failureClass, code, message, action } = toFailure(error);
  const retryAfter = error instanceof Failure ? error.retryAfter : undefined;
  const remains = `"${connection}" is disconnected, but the secret of the bundle "${bundle}" may still hold its token. ${message}`;
  const again = `npx zoom-tokens disconnect ${connection}`;
  if (failureClass !== 'retry')
    return new Failure(failureClass, code, remains, `${action} Then run ${again}`);
  const next =
    code === 'bundle_waits'
      ? `${action} To check: ${again}`
      : `Nothing to do: a sweep removes it. To remove it now: ${again}`;
  return new Failure('retry', 'not_withdrawn', remains, next, retryAfter);
}
