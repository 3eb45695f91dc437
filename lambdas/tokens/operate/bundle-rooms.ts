import pMap from 'p-map';
import { BUNDLE_BYTES } from '../../contract.ts';
import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { type Bundle, bytesOf } from '../publication/bundle.ts';
import { bytesFor, USUAL_TOKEN_BYTES } from '../publication/content.ts';
import { bundleOf, type Place } from '../publication/place.ts';

/** How full a bundle is. */
export interface BundleRoom {
  bundle: string;
  members: number;
  /** Bytes of its secret, and the most that it may have. */
  bytes: number;
  mostBytes: number;
  /** Whether one more member fits, with the largest token that was seen. */
  hasRoom: boolean;
  /** The member that came last: it drops out first if the tokens grow. */
  newest?: string;
  /** Members that do not fit any more, so that n8n cannot read them. */
  excess?: string[];
}

type RoomDependencies = Pick<Dependencies, 'bundleBytes'> & { store: Pick<Dependencies['store'], 'bundle'> };

/** Bundles that are read at a time. */
const CONCURRENCY = 16;

/** Returns how full the bundles among these places are, by name. */
export const bundleRooms = (
  places: ReadonlySet<Place | undefined>,
  deps: RoomDependencies,
): Promise<BundleRoom[]> => roomsOf(new Set([...places].map(bundleOf)), deps);

/** Returns the bundles of these connections that have no room for another one, or have outgrown their size. */
export async function fullBundles(
  items: readonly Pick<Connection, 'place' | 'status'>[],
  deps: RoomDependencies,
): Promise<BundleRoom[]> {
  const connected = items.filter(({ status }) => status !== 'disconnected');
  const rooms = await roomsOf(new Set(connected.map(({ place }) => bundleOf(place))), deps);
  return rooms.filter(({ hasRoom, excess }) => !hasRoom || excess !== undefined);
}

async function roomsOf(
  names: ReadonlySet<string | undefined>,
  { store, bundleBytes = BUNDLE_BYTES.usual }: RoomDependencies,
): Promise<BundleRoom[]> {
  const known = [...names].filter((name) => name !== undefined).sort();
  const bundles = await pMap(known, (name) => store.bundle(name), { concurrency: CONCURRENCY });
  return bundles.filter((bundle) => bundle !== undefined).map((bundle) => roomOf(bundle, bundleBytes));
}

function roomOf(bundle: Bundle, mostBytes: number): BundleRoom {
  const { members, largestToken = USUAL_TOKEN_BYTES } = bundle;
  const bytes = bytesOf(bundle);
  const byAge = Object.entries(members).sort(([, a], [, b]) => a.since - b.since);
  const newest = byAge.at(-1)?.[0];
  const excess = bundle.excess?.filter((connection) => Object.hasOwn(members, connection)) ?? [];
  return {
    ...{ bundle: bundle.bundle, members: byAge.length, bytes, mostBytes },
    hasRoom: bytes + bytesFor(SHORTEST_NAME, largestToken) <= mostBytes,
    ...(newest !== undefined && { newest }),
    ...(excess.length > 0 && { excess }),
  };
}

/** The shortest name of a connection. A bundle with no room for it has room for none. */
const SHORTEST_NAME = 'a';
