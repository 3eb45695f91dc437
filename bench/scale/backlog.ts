import type { Connection } from '../../lambdas/tokens/connection.ts';
import { rotateAt } from '../../lambdas/tokens/schedule.ts';
import { sweep } from '../../lambdas/tokens/sweep/sweep.ts';
import { FUNCTION_SECONDS } from '../../test/support/world/world.ts';
import { consentOf, createWorld, nameOf } from './fleet.ts';
import { liveHeap } from './heap.ts';
import { OrderedStore } from './ordered-store.ts';

const HOUR = 3600;
const MINUTE = 60;
/** Period of the fleet's consents, seconds. */
const SPREAD_SECONDS = 900;
/** Number of heap measurements while a backlog is worked off. */
const HEAP_SAMPLES = 8;

/** How a backlog was worked off. */
export interface BacklogReport {
  connections: number;
  sweeps: number;
  /** Most rotations in one sweep. */
  mostInASweep: number;
  /** Connections that were leased after one whose published token expires later. */
  outOfOrder: number;
  /** The largest difference between the two ends; seconds. */
  mostOutOfOrder: number;
  /** Connections that were never rotated. */
  unreached: number;
  /** Largest growth of the live heap since before the first sweep, bytes. */
  heapGrowth: number;
}

/** Creates a fleet whose sweeps stopped for two hours, so that all of it is due, and sweeps until all is rotated. */
export async function drainBacklog(size: number): Promise<BacklogReport> {
  const store = new OrderedStore();
  let before = 0;
  let heapGrowth = 0;
  const world = createWorld(store, () => {
    if (world.published % Math.ceil(size / HEAP_SAMPLES) === 0) {
      heapGrowth = Math.max(heapGrowth, liveHeap() - before);
    }
  });
  await connect(size, store, world.deps, world.time);
  world.time += 2 * HOUR;

  let latest = 0;
  let outOfOrder = 0;
  let mostOutOfOrder = 0;
  const lease = store.lease.bind(store);
  store.lease = async (...asked) => {
    const item = await lease(...asked);
    const validUntil = item?.validUntil ?? latest;
    if (validUntil < latest) outOfOrder += 1;
    mostOutOfOrder = Math.max(mostOutOfOrder, latest - validUntil);
    latest = Math.max(latest, validUntil);
    return item;
  };

  before = liveHeap();
  const rotated: number[] = [];
  for (let more = true; more; ) {
    const startedAt = world.time;
    const report = await sweep(world.deps, { deadline: startedAt + FUNCTION_SECONDS });
    world.time = Math.max(world.time, startedAt + MINUTE);
    rotated.push(report.rotated);
    more = report.rotated > 0 && world.published < size;
  }
  const list = await store.list();
  return {
    connections: size,
    sweeps: rotated.length,
    mostInASweep: Math.max(...rotated),
    outOfOrder,
    mostOutOfOrder,
    unreached: list.filter(({ version }) => version === 1).length,
    heapGrowth,
  };
}

async function connect(
  size: number,
  store: OrderedStore,
  deps: ReturnType<typeof createWorld>['deps'],
  from: number,
): Promise<void> {
  const lease = { owner: 'seed', now: from, until: from, early: true };
  for (let index = 0; index < size; index += 1) {
    // The order of consents is neither that of the names nor that of insertion.
    const consentedAt = from + ((index * 7919) % SPREAD_SECONDS);
    const consent = await consentOf(nameOf(index), consentedAt, deps);
    await store.commitConsent(consent, 0);
    const held = (await store.lease(consent.connection, lease)) as Connection;
    await store.settle(held, { validUntil: held.expiresAt, dueAt: rotateAt(held, deps.margins) });
  }
}
