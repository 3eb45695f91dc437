import { BUNDLE_BYTES } from '../../contract.ts';
import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { hasRoomFor, newBundle, withMember } from '../publication/bundle.ts';
import { changeBundle } from '../publication/change-bundle.ts';
import { fieldBytes } from '../publication/content.ts';
import { bundleOf, type Place, placeInWords, placeOf, placesOf } from '../publication/place.ts';

type PlaceDependencies = Pick<Dependencies, 'store' | 'wait' | 'random' | 'now' | 'bundleBytes'>;

/**
 * Checks where a connection is to be published, before anybody consents to it. A connection keeps its place: another one is
 * for `zoom-tokens bundle` to choose.
 * @throws {Failure} `rejected` (`other_place`, `bundle_full`)
 */
export async function assertPlace(
  connection: string,
  place: Place | undefined,
  existing: Connection | undefined,
  deps: Pick<Dependencies, 'store' | 'bundleBytes'>,
): Promise<void> {
  if (place === undefined) return;
  if (existing && !isDisconnected(existing)) {
    if ((existing.place ?? 'own') !== place) throw otherPlace(connection, existing.place ?? 'own', place);
    return;
  }
  const bundle = bundleOf(place);
  if (bundle !== undefined) await assertRoom(connection, bundle, deps);
}

type RoomDependencies = Pick<Dependencies, 'store' | 'bundleBytes'>;

/** @throws {Failure} `rejected` (`bundle_full`) with the bundles that have room */
export async function assertRoom(connection: string, bundle: string, deps: RoomDependencies): Promise<void> {
  if (!(await hasRoom(connection, bundle, deps))) throw await bundleFull(connection, bundle, deps);
}

const hasRoom = async (
  connection: string,
  bundle: string,
  { store, bundleBytes = BUNDLE_BYTES.usual }: RoomDependencies,
): Promise<boolean> => hasRoomFor((await store.bundle(bundle)) ?? newBundle(bundle), connection, bundleBytes);

/** Returns the error for a bundle without room for a connection, with the bundles that have room. */
export async function bundleFull(
  connection: string,
  bundle: string,
  deps: RoomDependencies,
): Promise<Failure> {
  const items = await deps.store.list();
  const places = items.flatMap(placesOf);
  const others = [...new Set(places.map(bundleOf))].filter((name): name is string => name !== undefined);
  const roomy: string[] = [];
  for (const name of others.sort())
    if (name !== bundle && (await hasRoom(connection, name, deps))) roomy.push(name);
  const known = roomy.length === 0 ? 'No other bundle has room.' : `Bundles with room: ${roomy.join(', ')}.`;
  return new Failure(
    'rejected',
    'bundle_full',
    `The bundle "${bundle}" has no room for "${connection}". ${known}`,
    'Name another bundle, which may be a new one. For a secret of its own: connect --no-bundle, or bundle --none.',
  );
}

/**
 * Returns where a new connection is published. A bundle without room for its token is replaced by a secret of its own. A
 * connection that exists keeps its place.
 */
export async function placeOfConsent(
  { connection, place, accessToken }: Pick<Connection, 'connection' | 'place'> & { accessToken: string },
  previous: Connection | undefined,
  deps: PlaceDependencies,
): Promise<Pick<Connection, 'place' | 'noRoomIn'>> {
  if (previous && !isDisconnected(previous)) return {};
  const wanted = place ?? previous?.place;
  const bundle = bundleOf(wanted);
  if (bundle === undefined) return wanted === undefined ? {} : { place: wanted };
  return (await reserve(bundle, connection, accessToken, deps))
    ? { place: placeOf(bundle) }
    : { place: 'own', noRoomIn: bundle };
}

/** Makes a connection a member of a bundle, if its token fits. */
export async function reserve(
  bundle: string,
  connection: string,
  accessToken: string,
  deps: PlaceDependencies,
): Promise<boolean> {
  const { now, bundleBytes: mostBytes = BUNDLE_BYTES.usual } = deps;
  const bytes = fieldBytes(connection, accessToken);
  const joined = await changeBundle(
    bundle,
    (each) => withMember(each, connection, { bytes, since: now(), mostBytes }),
    deps,
  );
  return joined !== undefined;
}

function otherPlace(connection: string, present: Place, wanted: Place): Failure {
  const has = `"${connection}" has ${placeInWords(present)} already`;
  if (wanted === 'none')
    return new Failure(
      'rejected',
      'other_place',
      `${has}, so it cannot be one that is only pushed.`,
      `Disconnect it first: npx zoom-tokens disconnect ${connection}`,
    );
  return new Failure(
    'rejected',
    'other_place',
    `${has}, not ${placeInWords(wanted)}.`,
    `Move it first: npx zoom-tokens bundle ${connection} ${bundleOf(wanted) ?? '--none'}`,
  );
}
