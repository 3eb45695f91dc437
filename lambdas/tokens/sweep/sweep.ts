import pLimit, { type LimitFunction } from 'p-limit';
import pMap from 'p-map';
import type { SweepDependencies } from '../dependencies.ts';
import { createAppMonitor } from '../judgement/app-monitor.ts';
import { bundleOf } from '../publication/place.ts';
import type { PublishBundle } from '../publication/publish-places.ts';
import { step } from '../rotation/step.ts';
import type { FleetHealth } from '../store/sweep-notes.ts';
import { STEP_SECONDS } from '../time-budget.ts';
import { warnOfFailure } from '../warn-of-failure.ts';
import { alertExpired, alertIncidents, alertRecovered, GAP_SECONDS } from './alerts.ts';
import { type BundleGate, createBundleGate } from './bundle-gate.ts';
import { createDueQueue, type DueQueue, type DueStep } from './due-queue.ts';
import {
  checkFleetHealth,
  HEALTH_CHECK_SECONDS,
  type HealthMetrics,
  toHealthMetrics,
} from './fleet-health.ts';
import { finishDisconnections } from './left-disconnections.ts';
import { addOutcome, needsAttention, noOutcomes, type SweepCounts } from './outcomes.ts';
import { attendReconnects } from './reconnects.ts';
import type { Run, SweepOptions } from './run.ts';

/**
 * Steps at a time of connections with a secret of their own. Enough for the write rate that the vault keeps to, with some to
 * spare for a slow Zoom. More would only queue there with their new tokens stored but not published; see
 * docs/performance.md.
 */
export const CONCURRENCY = 16;

/**
 * Steps at a time of all connections. Enough for the core that the function has. More would wait for it, also between Zoom's
 * response and the write of its tokens.
 */
export const ALL_CONCURRENCY = 36;

/** Members of bundles that go on at a time when their bundle is published. More would keep the core for a while. */
export const RECORDING = 2;

/** The work of a sweep and the fleet's health after it, for the metrics. */
export interface SweepReport extends SweepCounts {
  /** Seconds. */
  took: number;
  /** Missing where the sweep did not come to its end. */
  health?: HealthMetrics;
  /** The error that ended the sweep early: to be thrown once everything is measured. */
  failure?: unknown;
}

/**
 * Brings each due connection to its desired state, the most urgent first, until time is up, and completes disconnections
 * that were left. Then it alerts people of the connections that wait for them and checks the whole fleet's health, unless a
 * sweep before has just done so.
 */
export async function sweep(deps: SweepDependencies, { deadline }: SweepOptions): Promise<SweepReport> {
  const { now } = deps;
  const startedAt = now();
  const run: Run = { deps, deadline, apps: createAppMonitor(deps), outcomes: noOutcomes() };
  const report = () => ({ ...run.outcomes.counts, took: now() - startedAt });
  try {
    const health = await runSweep(run);
    return { ...report(), health: toHealthMetrics(health, now()) };
  } catch (failure) {
    return { ...report(), failure };
  }
}

async function runSweep(run: Run): Promise<FleetHealth> {
  const { deps, apps, outcomes } = run;
  const { store, now } = deps;

  await Promise.all([stepThroughDue(run), finishDisconnections(run)]);
  await apps.flush();
  if (outcomes.attempts > 0 && needsAttention(outcomes)) await noteGap(run);
  // A function that is killed from here on leaves the check, and the alerts, to the next sweep.
  if (needsAttention(outcomes)) await store.expireHealthCheck();
  else {
    const health = await reuseHealthCheck(run);
    if (health) return health;
  }
  const health = await checkFleetHealth(deps);
  const alerted = [
    await alertIncidents(apps, deps),
    await alertRecovered(outcomes.recovered, deps),
    await attendReconnects(health, run),
    await alertExpired(health, deps),
  ];
  // The indexes may not show yet what this sweep changed.
  const isComplete = alerted.every(Boolean) && outcomes.attempts === 0;
  await store.recordHealthCheck(now(), isComplete ? health : { ...health, checkedAt: 0 });
  return health;
}

/** Notes that sweeps have been missing: what is refused now may have to do with it. */
async function noteGap({ deps: { store, now } }: Run): Promise<void> {
  const sweptAt = await store.sweptAt();
  if (sweptAt !== undefined && now() - sweptAt > GAP_SECONDS) await store.noteGap(sweptAt, now());
}

/** Records the sweep's end with the last health check, where that is recent enough. */
async function reuseHealthCheck({ deps: { store, now }, outcomes }: Run): Promise<FleetHealth | undefined> {
  return store.reuseHealthCheck(now(), {
    checkedAfter: now() - HEALTH_CHECK_SECONDS,
    // The indexes may not show yet what was just changed, so that the next sweep checks.
    ...(outcomes.attempts > 0 && { leastValidUntil: await store.leastValidUntil() }),
  });
}

/**
 * Takes the step of each connection that is due, until nothing new is due or time is up.
 * @throws the error of a page that could not be read, after the steps under way have ended: the function stops then
 */
async function stepThroughDue(run: Run): Promise<void> {
  const { deps, deadline, apps } = run;
  const queue = createDueQueue(apps, deps, CONCURRENCY);
  const underWay = new Set<Promise<void>>();
  const gate = createBundleGate(deps, deadline);
  /** Steps that may still wait for the publication of their bundle. */
  const steps: Promise<void>[] = [];
  const hasTime = () => deps.now() < deadline - STEP_SECONDS;

  async function* dueSteps(): AsyncGenerator<DueStep> {
    while (hasTime()) {
      const next = await queue.next();
      if (next) yield next;
      else if (queue.isFull() && underWay.size > 0) await Promise.race(underWay);
      else if (await queue.readOn()) continue;
      else if (queue.isWaiting() && underWay.size > 0) await Promise.race(underWay);
      else return;
    }
  }

  const recording = pLimit(RECORDING);
  const take = async (due: DueStep) => {
    const taken = takeStep(due, { queue, gate, steps, recording }, run);
    underWay.add(taken);
    await taken.finally(() => underWay.delete(taken));
  };
  await pMap(dueSteps(), take, { concurrency: ALL_CONCURRENCY });
  gate.openAll();
  await Promise.all(steps);
  if (queue.failure() !== undefined) throw queue.failure();
}

/** The state that the steps of a sweep share. */
interface Shared {
  queue: DueQueue;
  gate: BundleGate;
  steps: Promise<void>[];
  recording: LimitFunction;
}

/** Takes a step, until it has ended or waits for the publication of its bundle. */
async function takeStep(due: DueStep, { queue, gate, steps, recording }: Shared, run: Run): Promise<void> {
  const { deps } = run;
  const bundle = bundleOf(due.entry.place);
  const startedAt = deps.elapsed();
  const waiting = Promise.withResolvers<void>();
  queue.begun(due);
  if (bundle !== undefined) gate.begin(bundle);
  const ended = makeStep(
    due,
    async (...publication) => {
      const publishing = gate.publish(...publication);
      waiting.resolve();
      const published = await publishing;
      // All members of the bundle could go on now. In between, Zoom's responses are read, whose tokens nobody else has.
      await recording(() => deps.wait(0));
      return published;
    },
    run,
  );
  steps.push(ended);
  await Promise.race([ended, waiting.promise]);
  queue.ended(due, deps.elapsed() - startedAt);
  if (bundle !== undefined) gate.reached(bundle);
  gate.open(queue.expects);
}

async function makeStep(due: DueStep, publishBundle: PublishBundle, run: Run): Promise<void> {
  const { deps, deadline, apps, outcomes } = run;
  const { connection } = due.entry;
  try {
    const { isProbe } = due;
    const outcome = await step(connection, deps, { deadline, apps, isProbe, publishBundle });
    addOutcome(outcomes, outcome, deps.now());
  } catch (error) {
    outcomes.counts.failed.retry += 1;
    warnOfFailure(deps.log, 'Nothing was done for the connection: its lease could not be taken.', error, {
      connection,
    });
  }
}
