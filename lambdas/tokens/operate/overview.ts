import type { Connection, Status } from '../connection.ts';
import { type ConnectionView, laterRotation, toView, type ViewDependencies } from '../connection-view.ts';
import type { Dependencies } from '../dependencies.ts';
import { FLEET_STATES, type Fleet, type FleetEntry, type FleetState, fleetState, pageOf } from '../fleet.ts';
import type { ConnectionStore } from '../store/connection-store.ts';
import type { UnreadableItem } from '../store/connections.ts';
import { type BundleRoom, fullBundles } from './bundle-rooms.ts';
import { countFleet, type FleetCounts, type FleetFilter } from './fleet-counts.ts';
import { decodeCursor, encodeCursor } from './fleet-cursor.ts';
import { type SegmentPlace, walkByAttention } from './fleet-walk.ts';
import { compareSorted, type Sort, type SortedPlace, selectSorted, sortedPlace } from './sorted-fleet.ts';

/** Which connections to show, and in which order. */
export interface OverviewRequest extends FleetFilter {
  /** All states by default. */
  states?: FleetState[] | undefined;
  /** `attention` by default: those that need it first. */
  sort?: 'attention' | Sort | undefined;
  /** Most connections of a page. */
  limit?: number | undefined;
  /** Cursor of the page before. */
  after?: string | undefined;
}

/** A page of connections. Only the first page has the counts. */
export interface Overview {
  now: number;
  /** Counts the connections of each state, among all that the filter selects. */
  counts?: FleetCounts;
  connections: ConnectionView[];
  /** Items of the table that cannot be read; absent without any. */
  unreadable?: UnreadableItem[];
  /** The bundles of these connections without room for another one, or that have outgrown their size; absent without any. */
  bundles?: BundleRoom[];
  /** Cursor of the next page; missing after the last. */
  next?: string;
}

const DEFAULT_LIMIT = 50;
/** Up to this size all items are read, strongly consistent. A larger fleet is read through the index. */
const SMALL_FLEET = 500;
/** Characters of JSON. Lambda refuses a response of more than 6 MB; a page is kept below 1 MB. */
const MAX_PAGE_SIZE = 900_000;
type FleetStore = Pick<ConnectionStore, 'getAll' | 'list' | 'unreadable' | 'count' | 'bundle'> & Fleet;

/** A fleet and its items, read through the index or all at hand. */
interface Source extends Fleet {
  getAll(connections: string[]): Promise<Connection[]>;
  unreadable(connection: string): Promise<UnreadableItem[]>;
  /** The unreadable items of a fleet that is all at hand. */
  allUnreadable?: UnreadableItem[];
}

/** Returns a page of the connections, and, with the first one, how many are in each state. */
export async function overview(
  request: OverviewRequest,
  deps: Pick<Dependencies, 'now' | 'bundleBytes'> & ViewDependencies & { store: FleetStore },
): Promise<Overview> {
  const now = deps.now();
  const { limit = DEFAULT_LIMIT, after } = request;
  const source: Source = (await isSmall(deps.store)) ? await readAll(deps) : deps.store;
  const counted = after === undefined ? await countFleet(request, limit, { store: source, now }) : undefined;
  const { selected, hasMore, placeOf } = await select(request, counted?.troubled, limit, source, now);
  const { views, unreadable, cut } = await readViews(selected, source, deps);
  const bundles = await fullBundles(views, deps);
  const shown = cut ?? selected.length;
  const damaged = after === undefined ? [...(source.allUnreadable ?? []), ...unreadable] : unreadable;
  return {
    now,
    ...(counted && { counts: counted.counts }),
    connections: inPageOrder(views, request, now),
    ...(damaged.length > 0 && { unreadable: damaged }),
    ...(bundles.length > 0 && { bundles }),
    ...((hasMore || cut !== undefined) && shown > 0 && { next: encodeCursor(placeOf(shown - 1)) }),
  };
}

async function isSmall(store: FleetStore): Promise<boolean> {
  const statuses: Status[] = ['active', 'reconnect', 'misconfigured', 'disconnected'];
  const counts = await Promise.all(statuses.map((status) => store.count(status, SMALL_FLEET + 1)));
  return counts.reduce((sum, count) => sum + count, 0) <= SMALL_FLEET;
}

async function readAll({
  store,
  margins,
}: Pick<Dependencies, 'margins'> & { store: FleetStore }): Promise<Source> {
  const items = await store.list();
  const entries = items.map((item) => ({ ...item, ...laterRotation(item, margins) }));
  const byName = new Map(items.map((item) => [item.connection, item]));
  return {
    fleetPage: async (query) => pageOf(entries, query),
    getAll: async (connections) => connections.flatMap((connection) => byName.get(connection) ?? []),
    unreadable: async () => [],
    allUnreadable: await store.unreadable(),
  };
}

type Place = SegmentPlace | SortedPlace;

interface Selection {
  selected: FleetEntry[];
  hasMore: boolean;
  /** Returns the place behind an entry, by its index. */
  placeOf: (index: number) => Place;
}

async function select(
  { sort = 'attention', after, states = [...FLEET_STATES], app, search }: OverviewRequest,
  troubled: FleetEntry[] | undefined,
  limit: number,
  fleet: Fleet,
  now: number,
): Promise<Selection> {
  const isWanted = (entry: FleetEntry) => states.includes(fleetState(entry, now));
  const wanted = { app, search, states, isWanted, limit: limit + 1, now };
  const place = after === undefined ? undefined : decodeCursor<Place>(after);
  // Of a few states all troubled entries have to be looked through.
  const known =
    (troubled?.length ?? 0) <= limit || states.length === FLEET_STATES.length ? troubled : undefined;
  const found: { entry: FleetEntry; place: Place }[] =
    sort === 'attention'
      ? await walkByAttention({ ...wanted, after: place as SegmentPlace | undefined, troubled: known }, fleet)
      : await selectSorted({ ...wanted, sort, after: place as SortedPlace | undefined }, fleet);
  const selected = found.slice(0, limit);
  return {
    selected: selected.map(({ entry }) => entry),
    hasMore: found.length > limit,
    placeOf: (index) => (selected[index] as { place: Place }).place,
  };
}

/** Reads the items of the entries. `cut` is how many of them fill a page, where that is not all. */
async function readViews(
  entries: FleetEntry[],
  source: Source,
  deps: ViewDependencies,
): Promise<{ views: ConnectionView[]; unreadable: UnreadableItem[]; cut?: number }> {
  const items = await source.getAll(entries.map(({ connection }) => connection));
  const byName = new Map(items.map((item) => [item.connection, item]));
  const views: ConnectionView[] = [];
  const unreadable: UnreadableItem[] = [];
  let size = 0;
  for (const [index, { connection }] of entries.entries()) {
    const item = byName.get(connection);
    // An index may still show an item that is gone.
    if (!item) unreadable.push(...(await source.unreadable(connection)));
    else {
      const view = toView(item, deps);
      size += JSON.stringify(view).length;
      if (size > MAX_PAGE_SIZE && index > 0) return { views, unreadable, cut: index };
      views.push(view);
    }
  }
  return { views, unreadable };
}

const isLosingApp = ({ status, appMissing }: ConnectionView) => status === 'active' && appMissing === true;

/**
 * Returns a page by attention in the order of the states, and by name within a state. Any other page is sorted by what is
 * shown, which the index does not tell of every connection.
 */
function inPageOrder(
  views: ConnectionView[],
  { sort = 'attention' }: OverviewRequest,
  now: number,
): ConnectionView[] {
  if (sort !== 'attention') {
    return views.sort((a, b) => compareSorted(sortedPlace(a, sort), sortedPlace(b, sort)));
  }
  const stateOf = (view: ConnectionView) => (isLosingApp(view) ? 'misconfigured' : fleetState(view, now));
  const rank = (view: ConnectionView) => FLEET_STATES.indexOf(stateOf(view));
  return views.sort((a, b) => rank(a) - rank(b) || a.connection.localeCompare(b.connection));
}
