import type { Fleet, FleetEntry, FleetPlace, FleetQuery, FleetState } from '../fleet.ts';
import { type FleetFilter, fleetPages } from './fleet-counts.ts';

/** A place in the walk: behind an entry of a segment. */
export interface SegmentPlace extends FleetPlace {
  segment: number;
}

export interface WantedEntries extends FleetFilter {
  states: readonly FleetState[];
  isWanted(entry: FleetEntry): boolean;
  /** Most entries to return. */
  limit: number;
  now: number;
}

/** The parts of the walk, those that need attention first. Within a part the order is that of the index. */
const SEGMENTS: readonly (Pick<FleetQuery, 'status' | 'health'> & { states: readonly FleetState[] })[] = [
  { status: 'reconnect', states: ['reconnect'] },
  { status: 'misconfigured', states: ['misconfigured'] },
  { status: 'active', health: 'troubled', states: ['expired', 'suspect', 'failing'] },
  { status: 'active', health: 'well', states: ['active'] },
  { status: 'disconnected', states: ['disconnected'] },
];
const TROUBLED = 2;

/** More than is wanted is read at a time, because the conditions leave some entries out. */
const SPARE_ENTRIES = 20;

/**
 * Returns the wanted entries behind a place, those that need attention first.
 * @param wanted.troubled all troubled entries, or at least `limit` of them, where the caller knows them
 */
export async function walkByAttention(
  wanted: WantedEntries & { after: SegmentPlace | undefined; troubled?: FleetEntry[] | undefined },
  store: Fleet,
): Promise<{ entry: FleetEntry; place: SegmentPlace }[]> {
  const { states, isWanted, limit, after, troubled, app, search, now } = wanted;
  const found: { entry: FleetEntry; place: SegmentPlace }[] = [];

  const take = (entries: FleetEntry[], segment: number): boolean => {
    for (const entry of entries.filter(isWanted)) {
      const { dueAt, connection } = entry;
      found.push({ entry, place: { segment, dueAt, connection } });
      if (found.length === limit) return true;
    }
    return false;
  };

  for (const [segment, { states: within, ...part }] of SEGMENTS.entries()) {
    if (segment < (after?.segment ?? 0) || !within.some((state) => states.includes(state))) continue;
    if (segment === TROUBLED && after === undefined && troubled) {
      if (take(troubled, segment)) return found;
      continue;
    }
    const start =
      after?.segment === segment ? { dueAt: after.dueAt, connection: after.connection } : undefined;
    // A condition that selects few entries needs whole pages.
    const isRare = part.health === 'troubled' || app !== undefined || search !== undefined;
    const size = isRare ? undefined : limit - found.length + SPARE_ENTRIES;
    const query = { ...part, app, search, now, after: start, limit: size };
    for await (const page of fleetPages(query, store)) if (take(page.entries, segment)) return found;
  }
  return found;
}
