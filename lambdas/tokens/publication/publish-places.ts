import type { Connection, Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { publish } from '../rotation/publish.ts';
import { bundleOf, type OldPlace, type Place } from './place.ts';
import { type BundlePublication, publishBundle } from './publish-bundle.ts';
import type { JustSealed } from './read-members.ts';
import { SLOT_SECONDS } from './slots.ts';

/** An old place that another function is writing is tried again after this time. */
const BUSY_SECONDS = 60;

/** A connection on whose behalf a bundle is published. */
export interface PublishingMember {
  connection: string;
  isLeaving: boolean;
  /** Its token, where this step has just sealed it. */
  sealed?: JustSealed | undefined;
}

/** Publishes a bundle that the connection belongs to, or has left. The sweep publishes one bundle for many connections. */
export type PublishBundle = (bundle: string, member: PublishingMember) => Promise<BundlePublication>;

/** How the places of a connection were brought up to date. */
interface Published {
  /** The secret of its own got a version. */
  isOwn: boolean;
  /** The old places that are still kept, and those whose secret takes no version now. */
  oldPlaces?: OldPlace[];
}

interface PublishOptions {
  /** The tokens in the item's `sealedTokens`, where the caller has just sealed them. */
  tokens: Tokens | undefined;
  /** The version is not published yet. Without it, only old places are looked after. */
  isNew: boolean;
  publishBundle: PublishBundle;
}

/**
 * Publishes the token of exactly this version wherever the connection is published, and removes it from the places that have
 * ended. A place that fails does not keep the others back. An old place whose secret takes no version now waits for it: n8n
 * can read the present one.
 * @throws the first place's error
 */
export async function publishPlaces(
  item: Connection,
  deps: Dependencies,
  { tokens, isNew, publishBundle }: PublishOptions,
): Promise<Published> {
  const { vault, now } = deps;
  const at = now();
  const { connection, place: present = 'own', oldPlaces = [] } = item;
  let isOwn = false;
  const bring = async (place: Place, isLeaving: boolean) => {
    const bundle = bundleOf(place);
    if (bundle !== undefined) {
      const sealed = tokens && { sealedTokens: item.sealedTokens, accessToken: tokens.accessToken };
      const { failures } = await publishBundle(bundle, { connection, isLeaving, sealed });
      if (failures.has(connection) && !isLeaving) throw failures.get(connection);
    } else if (place === 'own' && isLeaving) await vault.unpublish(connection, { force: false });
    else if (place === 'own') {
      await publish(item, deps, tokens);
      isOwn = true;
    }
  };
  /** Returns the old place as it is from now on; `undefined` once it has ended. */
  const bringOld = async (old: OldPlace): Promise<OldPlace | undefined> => {
    const { place, until } = old;
    const isLeaving = until <= at;
    if (!isNew && (old.waitsUntil ?? until) > at) return old;
    const waitsUntil = await bring(place, isLeaving).then(() => undefined, endOfWaiting(until, at));
    if (waitsUntil !== undefined) return { place, until, waitsUntil };
    return isLeaving ? undefined : { place, until };
  };

  const bringPresent = async () => void (isNew && (await bring(present, false)));

  // n8n can read it in its present place before it loses an old one.
  const kept = oldPlaces.filter(({ until }) => until > at).map(bringOld);
  const left = await allOrFirstError([bringPresent(), ...kept]);
  left.push(...(await allOrFirstError(oldPlaces.filter(({ until }) => until <= at).map(bringOld))));
  const stays = left.filter((old) => old !== undefined);
  return { isOwn, ...(item.oldPlaces && { oldPlaces: stays }) };
}

/** Returns what all return. @throws the first one's error, once all have ended */
async function allOrFirstError<T>(all: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(all);
  return Promise.all(all);
}

/** Returns until when an old place waits, if its secret takes no version now. @throws any other error */
function endOfWaiting(until: number, at: number) {
  return (error: unknown): number => {
    if (!(error instanceof Failure)) throw error;
    // The members that stay have outgrown the bundle. It holds the earlier token until the place ends.
    if (error.code === 'bundle_full') return until;
    // Another function is writing it, and may have read this connection before.
    if (error.code === 'busy') return at + BUSY_SECONDS;
    if (error.code !== 'bundle_waits' && error.code !== 'version_quota') throw error;
    return at + (error.retryAfter ?? SLOT_SECONDS);
  };
}

/** Returns what publishes a bundle at once, for one connection alone. */
export const atOnce =
  (deps: Dependencies, deadline: number): PublishBundle =>
  (bundle, { connection, isLeaving, sealed }) =>
    publishBundle(bundle, isLeaving ? [] : [connection], deps, {
      deadline,
      isRemoval: isLeaving,
      ...(sealed && { justSealed: new Map([[connection, sealed]]) }),
    });
