import type { Fleet } from '../fleet.ts';
import type { Place } from '../publication/place.ts';
import { fleetPages } from './fleet-counts.ts';

/** The connections of an app that are not disconnected. */
export interface AppUse {
  count: number;
  /** The first of their names. */
  connections: string[];
}

/** The apps and the present places of the connections that are not disconnected. */
export interface FleetUses {
  apps: ReadonlyMap<string, AppUse>;
  places: ReadonlySet<Place | undefined>;
}

/** Names that are kept of an app. */
const NAMED = 10;

/** Reads the whole index, a page at a time. */
export async function fleetUses(store: Fleet, now: number): Promise<FleetUses> {
  const apps = new Map<string, AppUse>();
  const places = new Set<Place | undefined>();
  for (const status of ['active', 'reconnect', 'misconfigured'] as const) {
    for await (const { entries } of fleetPages({ status, now }, store)) {
      for (const { app, place, connection } of entries) {
        const use = apps.get(app) ?? { count: 0, connections: [] };
        use.count += 1;
        if (use.count <= NAMED) use.connections.push(connection);
        apps.set(app, use);
        places.add(place);
      }
    }
  }
  return { apps, places };
}
