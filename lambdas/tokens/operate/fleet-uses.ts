import type { Fleet } from '../fleet.ts';
import type { Place } from '../publication/place.ts';
import { fleetPages } from './fleet-counts.ts';

/** The apps and the present places of the connections that are not disconnected. */
export interface FleetUses {
  apps: ReadonlySet<string>;
  places: ReadonlySet<Place | undefined>;
}

/** Reads the whole index, a page at a time. */
export async function fleetUses(store: Fleet, now: number): Promise<FleetUses> {
  const apps = new Set<string>();
  const places = new Set<Place | undefined>();
  for (const status of ['active', 'reconnect', 'misconfigured'] as const) {
    for await (const { entries } of fleetPages({ status, now }, store)) {
      for (const { app, place } of entries) {
        apps.add(app);
        places.add(place);
      }
    }
  }
  return { apps, places };
}
