import type { Status } from '../connection.ts';
import {
  FLEET_STATES,
  type Fleet,
  type FleetEntry,
  type FleetPage,
  type FleetPlace,
  type FleetQuery,
  type FleetState,
  fleetState,
} from '../fleet.ts';

/** The connections that are meant; all without a filter. */
export type FleetFilter = Pick<FleetQuery, 'app' | 'search'>;

/** How many connections are in each state. */
export type FleetCounts = Record<FleetState, number>;

/** Yields every page of a query, with all the conditions that it has. */
export async function* fleetPages(query: FleetQuery, store: Fleet): AsyncGenerator<FleetPage> {
  let after: FleetPlace | undefined = query.after;
  for (;;) {
    const page = await store.fleetPage({ ...query, after });
    yield page;
    if (!page.next) return;
    after = page.next;
  }
}

/**
 * Counts the connections by state, in one pass over the index. Returns the first active connections that are troubled as
 * well, at most `most + 1`, because the same pass finds them.
 */
export async function countFleet(
  { app, search }: FleetFilter,
  most: number,
  { store, now }: { store: Fleet; now: number },
): Promise<{ counts: FleetCounts; troubled: FleetEntry[] }> {
  const counts = Object.fromEntries(FLEET_STATES.map((state) => [state, 0])) as FleetCounts;
  const troubled: FleetEntry[] = [];
  const filter = { app, search, now };
  const isFiltered = app !== undefined || search !== undefined;

  const countStatus = async (status: Exclude<Status, 'active'>) => {
    counts[status] = await countMatches({ ...filter, status }, store);
  };
  const countTroubled = async () => {
    let scanned = 0;
    let found = 0;
    for await (const page of fleetPages({ ...filter, status: 'active', health: 'troubled' }, store)) {
      scanned += page.scanned;
      found += page.count;
      for (const entry of page.entries) {
        counts[fleetState(entry, now)] += 1;
        if (troubled.length <= most) troubled.push(entry);
      }
    }
    return scanned - found;
  };
  const [well] = await Promise.all([
    countTroubled(),
    countStatus('reconnect'),
    countStatus('misconfigured'),
    countStatus('disconnected'),
  ]);
  // What the pass has read is all active connections, unless the filter has left some out.
  counts.active = isFiltered
    ? await countMatches({ ...filter, status: 'active', health: 'well' }, store)
    : well;
  return { counts, troubled };
}

async function countMatches(query: FleetQuery, store: Fleet): Promise<number> {
  let count = 0;
  for await (const page of fleetPages({ ...query, isCount: true }, store)) count += page.count;
  return count;
}
