import pMap from 'p-map';
import type { Status } from '../connection.ts';
import type { SweepDependencies } from '../dependencies.ts';
import { attempt } from '../rotation/step.ts';
import {
  checkFleetHealth,
  type FleetHealth,
  HEALTH_CHECK_SECONDS,
  type HealthMetrics,
  toHealthMetrics,
} from './fleet-health.ts';
import { createTally, type SweepCounts, type Tally } from './outcomes.ts';
import { alertReconnects } from './reconnect-alerts.ts';

/**
 * Enough for the pace that the vault keeps to, with some to spare for a slow Zoom. More at a time would only wait
 * there for their turn, their tokens stored; see docs/performance.md.
 */
export const CONCURRENCY = 16;
const PAGE = 100;
/** A step asks Zoom (10 s), stores, publishes and, with 10 s left, pushes: none is begun with less than this left, in seconds. */
const STEP_SECONDS = 20;

/** What a sweep did and what it left, for the metrics. */
export interface SweepReport extends SweepCounts {
  /** Seconds. */
  took: number;
  /** Absent where the sweep did not come to its end. */
  health?: HealthMetrics;
  /** What kept it from its end: to be thrown once all is measured. */
  failure?: unknown;
}

interface SweepOptions {
  /** When the function will be stopped, epoch seconds. */
  deadline: number;
}

/**
 * Asks who is due and brings each to its desired state, the most urgent first, until time is up. Then it tells people
 * of the connections that wait for them, and looks at the whole fleet, unless a sweep before has just done so.
 */
export async function sweep(deps: SweepDependencies, options: SweepOptions): Promise<SweepReport> {
  const { now } = deps;
  const startedAt = now();
  const tally = createTally(deps);
  const took = () => now() - startedAt;
  try {
    const look = await workAndLook(deps, tally, options);
    return { ...tally.done, took: took(), health: toHealthMetrics(look, now()) };
  } catch (failure) {
    return { ...tally.done, took: took(), failure };
  }
}

async function workAndLook(
  deps: SweepDependencies,
  tally: Tally,
  { deadline }: SweepOptions,
): Promise<FleetHealth> {
  const { now, store } = deps;
  const hasTime = () => now() < deadline - STEP_SECONDS;

  const underWay = new Set<string>();
  const work = async (name: string) => {
    underWay.add(name);
    await attempt(name, deps, { deadline })
      .then(tally.count, (error) => tally.countUnleased(name, error))
      .finally(() => underWay.delete(name));
  };

  /** Was there a full page of active ones? Then the misconfigured have theirs in turn: they would never heal otherwise. */
  let hasMore = false;

  /** Works on what is due, a page of each status in turn. */
  const workOn = async (statuses: Set<Status>) => {
    let failure: unknown;
    const ask = (status: Status) =>
      store.due(status, now(), PAGE).catch((error) => {
        failure = error;
        return [];
      });
    // The next page is asked for while the last steps of the one before are under way, or the vault's pace would
    // stand still at the end of each.
    async function* due() {
      while (statuses.size > 0) {
        for (const status of statuses) {
          const before = tally.attempts();
          const names = hasTime() ? await ask(status) : [];
          if (!hasMore && names.length === PAGE) {
            hasMore = true;
            statuses.add('misconfigured');
          }
          for (const name of names) {
            if (hasTime() && !underWay.has(name)) yield name;
          }
          if (names.length < PAGE || tally.attempts() === before) statuses.delete(status);
        }
      }
    }
    await pMap(due(), work, { concurrency: CONCURRENCY });
    // Not before: the function stops when the sweep has failed, and with it the steps under way.
    if (failure !== undefined) throw failure;
  };

  await workOn(new Set(['active']));
  if (!hasMore && !tally.needsSomebody()) {
    // The indexes may not show yet what was just done, so that the next sweep looks.
    const found =
      tally.attempts() === 0 ? {} : { leastValidUntil: await store.leastValidUntil(), lookedAt: 0 };
    const look = await store.noteSweep({ sweptAt: now(), ...found }, now() - HEALTH_CHECK_SECONDS);
    if (look) return look;
  }
  if (!hasMore) await workOn(new Set(['misconfigured']));

  // Before anything is given up: a function that is killed meanwhile leaves the look to the next sweep.
  if (tally.needsSomebody()) await store.noteSweep({ lookedAt: 0 });
  await tally.giveUp();
  const allTold = await alertReconnects(deps);
  const look = await checkFleetHealth(deps);
  const isAllSeen = allTold && tally.attempts() === 0;
  await store.noteSweep({ ...look, sweptAt: now(), ...(!isAllSeen && { lookedAt: 0 }) });
  return look;
}
