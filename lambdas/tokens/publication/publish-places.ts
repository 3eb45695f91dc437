import type { Connection, Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { publish } from '../rotation/publish.ts';
import { bundleOf, endedPlaces, type OldPlace, type Place, placesAt } from './place.ts';
import { type BundlePublication, publishBundle } from './publish-bundle.ts';

/** Publishes a bundle that the connection belongs to, or has left. The sweep publishes one bundle for many connections. */
export type PublishBundle = (
  bundle: string,
  member: { connection: string; isLeaving: boolean },
) => Promise<BundlePublication>;

/** How the places of a connection were brought up to date. */
interface Published {
  /** The secret of its own got a version. */
  isOwn: boolean;
  /** The old places that are still kept. */
  oldPlaces?: OldPlace[];
}

/**
 * Publishes the token of exactly this version wherever the connection is published, and removes it from the places that have
 * ended. A place that fails does not keep the others back.
 * @throws the first place's error
 */
export async function publishPlaces(
  item: Connection,
  deps: Dependencies,
  { tokens, publishBundle }: { tokens: Tokens | undefined; publishBundle: PublishBundle },
): Promise<Published> {
  const { vault, now } = deps;
  const at = now();
  const { connection } = item;
  let isOwn = false;
  const bring = async (place: Place, isLeaving: boolean) => {
    const bundle = bundleOf(place);
    if (bundle !== undefined) {
      const { failures } = await publishBundle(bundle, { connection, isLeaving });
      if (failures.has(connection) && !isLeaving) throw failures.get(connection);
    } else if (place === 'own' && isLeaving) await vault.unpublish(connection, { force: false });
    else if (place === 'own') {
      await publish(item, deps, tokens);
      isOwn = true;
    }
  };
  const bringAll = async (places: Place[], isLeaving: boolean) => {
    const outcomes = await Promise.allSettled(places.map((place) => bring(place, isLeaving)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  };
  // n8n can read it in its present place before it loses an old one.
  await bringAll(placesAt(item, at), false);
  await bringAll(endedPlaces(item, at), true);
  const { oldPlaces } = item;
  return { isOwn, ...(oldPlaces && { oldPlaces: oldPlaces.filter(({ until }) => until > at) }) };
}

/** Returns what publishes a bundle at once, for one connection alone. */
export const atOnce =
  (deps: Dependencies, deadline: number): PublishBundle =>
  (bundle, { connection, isLeaving }) =>
    publishBundle(bundle, isLeaving ? [] : [connection], deps, { deadline, isRemoval: isLeaving });
