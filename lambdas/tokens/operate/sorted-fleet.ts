import type { Status } from '../connection.ts';
import type { Fleet, FleetEntry } from '../fleet.ts';
import { nameOrder } from '../name-order.ts';
import { nextRotation } from '../reader-view.ts';
import { NEVER } from '../schedule.ts';
import { fleetPages } from './fleet-counts.ts';
import type { WantedEntries } from './fleet-walk.ts';
import type { SORTS } from './limits.ts';

export type Sort = (typeof SORTS)[number];

/** A place in such an order: behind this value and name. */
export interface SortedPlace {
  value: number;
  connection: string;
}

type SortedEntry = Pick<FleetEntry, 'connection' | 'status' | 'dueAt' | 'nextRotationAt' | 'validUntil'>;

/** One that waits for a person is tried daily, and what a disconnection has left is completed. Neither is a rotation. */
const WITHOUT_ROTATION: ReadonlySet<Status> = new Set<Status>(['reconnect', 'disconnected']);

const VALUES: Record<Sort, (entry: SortedEntry) => number> = {
  name: () => 0,
  next: (entry) => (WITHOUT_ROTATION.has(entry.status) ? NEVER : nextRotation(entry)),
  valid: ({ status, validUntil }) => (status === 'disconnected' ? NEVER : validUntil),
};

/** Returns the place of an entry in an order. */
export const sortedPlace = (entry: SortedEntry, sort: Sort): SortedPlace => ({
  value: VALUES[sort](entry),
  connection: entry.connection,
});

const STATUSES: Status[] = ['active', 'reconnect', 'misconfigured', 'disconnected'];

/**
 * Returns the first wanted entries behind a place, in an order. It reads the whole index, and keeps no more entries than
 * it returns and those of one page.
 */
export async function selectSorted(
  {
    sort,
    after,
    limit,
    isWanted,
    app,
    search,
    now,
  }: WantedEntries & { sort: Sort; after: SortedPlace | undefined },
  store: Fleet,
): Promise<{ entry: FleetEntry; place: SortedPlace }[]> {
  const placed = (entry: FleetEntry) => ({ entry, place: sortedPlace(entry, sort) });
  let first: { entry: FleetEntry; place: SortedPlace }[] = [];
  for (const status of STATUSES) {
    for await (const page of fleetPages({ status, app, search, now }, store)) {
      const candidates = page.entries.filter(isWanted).map(placed);
      const behind = after ? candidates.filter(({ place }) => compareSorted(place, after) > 0) : candidates;
      first = [...first, ...behind].sort((a, b) => compareSorted(a.place, b.place)).slice(0, limit);
    }
  }
  return first;
}

export function compareSorted(a: SortedPlace, b: SortedPlace): number {
  return a.value - b.value || nameOrder(a.connection, b.connection);
}
