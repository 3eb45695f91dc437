import pMap from 'p-map';
import type { Status } from '../connection.ts';
import type { Dependencies, SweepDependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { recordFailure } from '../rotation/record-failure.ts';
import { attempt } from '../rotation/step.ts';
import type { FleetHealth } from '../store.ts';
import { STEP_SECONDS } from '../time-budget.ts';
import { INCIDENT, isIncident } from './circuit-breaker.ts';
import {
  checkFleetHealth,
  HEALTH_CHECK_SECONDS,
  type HealthMetrics,
  toHealthMetrics,
} from './fleet-health.ts';
import { addOutcome, needsAttention, noOutcomes, type Outcomes, type SweepCounts } from './outcomes.ts';
import { alertReconnects } from './reconnect-alerts.ts';

/**
 * Steps at a time. Enough for the write rate that the vault keeps to, with some to spare for a slow Zoom. More would
 * only queue there with their new tokens stored but not published; see docs/performance.md.
 */
export const CONCURRENCY = 16;
const PAGE = 100;

/** What a sweep did and what it left, for the metrics. */
export interface SweepReport extends SweepCounts {
  /** Seconds. */
  took: number;
  /** Missing where the sweep did not come to its end. */
  health?: HealthMetrics;
  /** The error that ended the sweep early: to be thrown once everything is measured. */
  failure?: unknown;
}

interface SweepOptions {
  /** When the function will be stopped, epoch seconds. */
  deadline: number;
}

/** One sweep under way. */
interface Run extends SweepOptions {
  deps: SweepDependencies;
  outcomes: Outcomes;
  /** Names whose steps are under way. */
  underWay: Set<string>;
  /** A full page was due: more than this sweep may be able to do. */
  hasBacklog: boolean;
}

/**
 * Brings each due connection to its desired state, the most urgent first, until time is up. Then it alerts people of the
 * connections that wait for them and checks the whole fleet's health, unless a sweep before has just done so.
 */
export async function sweep(deps: SweepDependencies, { deadline }: SweepOptions): Promise<SweepReport> {
  const { now } = deps;
  const startedAt = now();
  const run: Run = { deps, deadline, outcomes: noOutcomes(), underWay: new Set(), hasBacklog: false };
  const report = () => ({ ...run.outcomes.counts, took: now() - startedAt });
  try {
    const health = await runSweep(run);
    return { ...report(), health: toHealthMetrics(health, now()) };
  } catch (failure) {
    return { ...report(), failure };
  }
}

async function runSweep(run: Run): Promise<FleetHealth> {
  const { deps, outcomes } = run;
  const { store, now } = deps;

  await stepThroughDue('active', run);
  if (!run.hasBacklog && !needsAttention(outcomes)) {
    const health = await reuseHealthCheck(run);
    if (health) return health;
  }
  if (!run.hasBacklog) await stepThroughDue('misconfigured', run);

  // Before any connection is marked for reconnect: a function that is killed meanwhile leaves the check to the next sweep.
  if (needsAttention(outcomes)) await store.expireHealthCheck();
  await recordRefusals(outcomes, deps);
  const areAllAlerted = await alertReconnects(deps);
  const health = await checkFleetHealth(deps);
  // The indexes may not show yet what this sweep changed.
  const isComplete = areAllAlerted && outcomes.attempts === 0;
  await store.recordHealthCheck(now(), isComplete ? health : { ...health, checkedAt: 0 });
  return health;
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
 * Takes the step of each connection that is due.
 * @throws the error of a page that could not be read, after the steps under way have ended: the function stops then
 */
async function stepThroughDue(status: Status, run: Run): Promise<void> {
  const pages: { failure?: unknown } = {};
  await pMap(dueNames(status, run, pages), (name) => takeStep(name, run), { concurrency: CONCURRENCY });
  if ('failure' in pages) throw pages.failure;
}

/**
 * Yields the names that are due, page by page, until nothing new is due or time is up. The next page is read while the
 * last steps of the one before are under way, or the vault's write rate would drop at the end of each page. Once there
 * is a backlog of active connections, the misconfigured have their page in turn: they would never heal otherwise.
 */
async function* dueNames(first: Status, run: Run, pages: { failure?: unknown }): AsyncGenerator<string> {
  const { deps, deadline, outcomes, underWay } = run;
  const hasTime = () => deps.now() < deadline - STEP_SECONDS;
  const queue = [first];
  for (let status = queue.shift(); status !== undefined; status = queue.shift()) {
    const before = outcomes.attempts;
    const names = hasTime() ? await readPage(status, deps, pages) : [];
    const isFull = names.length === PAGE;
    if (isFull && !run.hasBacklog) {
      run.hasBacklog = true;
      if (status === 'active') queue.push('misconfigured');
    }
    for (const name of names) if (hasTime() && !underWay.has(name)) yield name;
    // A page whose steps all did nothing would be read again for ever.
    if (isFull && outcomes.attempts > before) queue.push(status);
  }
}

async function readPage(
  status: Status,
  { store, now }: Dependencies,
  pages: { failure?: unknown },
): Promise<string[]> {
  try {
    return await store.due(status, now(), PAGE);
  } catch (error) {
    pages.failure = error;
    return [];
  }
}

/** Takes one connection's step, and records its failure, except a refusal, which the circuit breaker judges later. */
async function takeStep(name: string, { deps, deadline, outcomes, underWay }: Run): Promise<void> {
  underWay.add(name);
  try {
    const outcome = await attempt(name, deps, { deadline });
    addOutcome(outcomes, outcome);
    if (outcome.kind !== 'failed' || toFailure(outcome.error).class === 'reconnect') return;
    await recordFailure(outcome.item, outcome.error, deps);
  } catch (error) {
    outcomes.counts.failed.retry += 1;
    const { class: failureClass, code, message } = toFailure(error);
    deps.log.warn(`The lease could not be taken. ${message}`, {
      connection: name,
      class: failureClass,
      code,
    });
  } finally {
    underWay.delete(name);
  }
}

/** Marks the refused connections for reconnect, or assumes an incident at Zoom, in which they are retried. */
async function recordRefusals({ refusals, attempts, counts }: Outcomes, deps: Dependencies): Promise<void> {
  const isAssumed = isIncident(refusals.length, attempts);
  for (const { item, error } of refusals) {
    counts.failed[isAssumed ? 'retry' : 'reconnect'] += 1;
    await recordFailure(item, isAssumed ? INCIDENT : error, deps);
  }
}
