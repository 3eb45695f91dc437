import type { Connection, Status } from './connection.ts';
import { nameOrder } from './name-order.ts';
import { readerView } from './reader-view.ts';

/** A connection as the index `due` shows it. */
export type FleetEntry = Pick<
  Connection,
  'connection' | 'app' | 'status' | 'dueAt' | 'validUntil' | 'suspectSince' | 'failingSince' | 'place'
> & {
  /** As a `ConnectionView` has it, where the whole item is at hand. The index does not tell. */
  nextRotationAt?: number;
};

/** A place in the order of an index: behind this entry. */
export type FleetPlace = Pick<Connection, 'dueAt' | 'connection'>;

export interface FleetQuery {
  status: Status;
  /** `troubled`: active, but failing, suspect, or n8n holds no valid token. `well`: active and not troubled. */
  health?: 'troubled' | 'well' | undefined;
  /** Epoch seconds, for `health`. */
  now: number;
  app?: string | undefined;
  /** Part of a connection's name. */
  search?: string | undefined;
  /** Most entries to read, before the conditions select some of them. */
  limit?: number | undefined;
  after?: FleetPlace | undefined;
  /** Returns no entries. */
  isCount?: boolean | undefined;
}

export interface FleetPage {
  /** Entries that were read, and those that fulfil the conditions. */
  scanned: number;
  count: number;
  /** In the order in which they are due. */
  entries: FleetEntry[];
  /** Missing after the last page. */
  next?: FleetPlace;
}

/** Reads of a fleet of any size, a page of at most 1 MB at a time. */
export interface Fleet {
  /** Returns a page of the connections in a status, in the order in which they are due. Eventually consistent. */
  fleetPage(query: FleetQuery): Promise<FleetPage>;
}

/** Whether a connection needs attention, the most urgent first. `active` needs none, and neither does `disconnected`. */
export const FLEET_STATES = [
  ...(['reconnect', 'misconfigured', 'expired', 'suspect', 'failing'] as const),
  ...(['active', 'disconnected'] as const),
] as const;
export type FleetState = (typeof FLEET_STATES)[number];

export const needsAttention = (state: FleetState): boolean => state !== 'active' && state !== 'disconnected';

/** Returns the state by which a connection is counted. `expired` includes one without a first token. */
export function fleetState(
  item: Pick<Connection, 'status' | 'validUntil' | 'suspectSince' | 'failingSince'>,
  now: number,
): FleetState {
  if (item.status !== 'active') return item.status;
  if (readerView(item, now).n8nHolds !== 'valid') return 'expired';
  if (item.suspectSince !== undefined) return 'suspect';
  return item.failingSince === undefined ? 'active' : 'failing';
}

/** Returns a page of connections that are all at hand, as a `Fleet` does. */
export function pageOf(
  items: readonly FleetEntry[],
  { status, health, now, app, search, limit, after, isCount }: FleetQuery,
): FleetPage {
  const behind = items
    .filter((item) => item.status === status && (after === undefined || inOrder(item, after) > 0))
    .sort(inOrder);
  const read = behind.slice(0, limit);
  const last = read.at(-1);
  const matches = read.filter(
    (item) =>
      (health === undefined || needsAttention(fleetState(item, now)) === (health === 'troubled')) &&
      (app === undefined || item.app === app) &&
      (search === undefined || item.connection.includes(search)),
  );
  return {
    scanned: read.length,
    count: matches.length,
    entries: isCount ? [] : matches,
    ...(last && read.length < behind.length && { next: { dueAt: last.dueAt, connection: last.connection } }),
  };
}

function inOrder(a: FleetPlace, b: FleetPlace): number {
  return a.dueAt - b.dueAt || nameOrder(a.connection, b.connection);
}
