import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { nextChange } from '../publication/place.ts';
import { type PublishBundle, publishPlaces } from '../publication/publish-places.ts';
import { addPublication } from '../publication-room.ts';
import { earliestEnd } from '../schedule.ts';
import type { StepFailure } from '../store/connections.ts';

type Written = Pick<StepFailure, 'publishedVersion' | 'oldPlaces' | 'publications'>;

/**
 * Publishes the living token that is stored, where Zoom granted no newer one: what n8n cannot read yet does not wait for
 * Zoom. Ends the old places whose time has come. Never throws: the next step repeats it.
 * @returns the item as it is published, and the fields that record it
 */
export async function publishStored(
  item: Connection,
  deps: Dependencies,
  publishBundle: PublishBundle,
): Promise<{ item: Connection; written: Written }> {
  const { now, log } = deps;
  const isNew = item.publishedVersion < item.version && item.expiresAt > now();
  if (!isNew && nextChange(item) > now()) return { item, written: {} };
  try {
    const places = await publishPlaces(item, deps, { tokens: undefined, isNew, publishBundle });
    const written: Written = {
      ...(isNew && { publishedVersion: item.version }),
      ...(places.isOwn && { publications: addPublication(item.publications, now()) }),
      ...(places.oldPlaces && { oldPlaces: places.oldPlaces }),
    };
    const published = { ...item, ...written };
    return { item: isNew ? { ...published, validUntil: earliestEnd(item) } : published, written };
  } catch (error) {
    log.warn(`The stored token was not published. ${toFailure(error).message}`, logContext(item));
    return { item, written: {} };
  }
}
