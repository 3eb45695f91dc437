import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { newBundle } from '../publication/bundle.ts';
import { doubtContent } from '../publication/change-bundle.ts';
import { bundleOf, placesOf } from '../publication/place.ts';
import { publishedToken } from '../publication/published-token.ts';

/**
 * Puts the content of each bundle in doubt whose secret has the connection's token although the table does not say so. In a
 * restored table, a member that was published after the backup waits for its publication, or is no member: its removal would
 * change nothing. The secret is read only where the table is not certain. No version is spent on a token that is not in it.
 */
export async function doubtUnrecorded(item: Connection, deps: Dependencies): Promise<void> {
  const { connection } = item;
  for (const place of placesOf(item)) {
    const bundle = bundleOf(place);
    if (bundle === undefined) continue;
    const { members, excess, unrecorded } = (await deps.store.bundle(bundle)) ?? newBundle(bundle);
    const isPublished = item.publishedVersion > 0 && connection in members && !excess?.includes(connection);
    if (isPublished && unrecorded === undefined) continue;
    // What cannot be read may have it. A disconnection waits for nothing.
    const mayHaveIt = await publishedToken({ connection, place }, deps.vault).then(
      (token) => token !== undefined,
      () => true,
    );
    if (mayHaveIt) await doubtContent(bundle, deps);
  }
}
