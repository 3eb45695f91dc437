import { utc } from '../clock.ts';
import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { bundleOf, type Place } from '../publication/place.ts';
import { publishBundle } from '../publication/publish-bundle.ts';
import { nextSlot } from '../publication/slots.ts';

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
  { connection, place = 'own', oldPlaces = [] }: Connection,
  { force, deadline }: { force: boolean; deadline: number },
  deps: Dependencies,
): Promise<Unpublished> {
  const unpublished: Unpublished = {};
  const places = new Set<Place>([place, ...oldPlaces.map((old) => old.place)]);
  for (const each of places) {
    const bundle = bundleOf(each);
    if (each === 'own') {
      const deletedAt = await deps.vault.unpublish(connection, { force });
      if (deletedAt !== undefined) unpublished.secretDeletedAt = deletedAt;
    } else if (bundle !== undefined) {
      try {
        const { secretDeletedAt } = await publishBundle(bundle, [], deps, {
          ...{ deadline, force, isRemoval: true },
        });
        if (secretDeletedAt !== undefined) unpublished.secretDeletedAt = secretDeletedAt;
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'bundle_waits') throw error;
        // A publication since may have left it out. It is other members, then, that wait.
        const stored = await deps.store.bundle(bundle);
        if (stored?.unrecorded !== undefined || (stored && connection in stored.members))
          unpublished.remains = remains(connection, bundle, deps.now());
      }
    }
  }
  return unpublished;
}

function remains(connection: string, bundle: string, now: number): Failure {
  const at = nextSlot(bundle, now);
  return new Failure(
    'retry',
    'not_withdrawn',
    `"${connection}" is disconnected, but the secret of the bundle "${bundle}" has used up its versions of 24 hours. It holds the dead token until ${utc(at)}.`,
    `Nothing to do: the bundle's next slot removes it. To check: npx zoom-tokens disconnect ${connection}`,
    at - now,
  );
}
