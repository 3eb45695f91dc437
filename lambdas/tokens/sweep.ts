import pMap from 'p-map';
import { alertReconnects } from './alerts.ts';
import type { Connection, Status } from './connection.ts';
import type { SweepDependencies } from './dependencies.ts';
import { describe, type FailureClass, TokenError } from './errors.ts';
import { type Health, healthOf, isFresh, lookAtFleet } from './fleet.ts';
import { attempt, noteFailure, type Outcome } from './step.ts';

/**
 * Enough for the pace that the vault keeps to, with some to spare for a slow Zoom. More at a time would only wait
 * there for their turn, their tokens stored; see docs/performance.md.
 */
export const CONCURRENCY = 16;
const PAGE = 100;
/** A step asks Zoom (10 s), stores, publishes and, with 10 s left, pushes: none is begun with less than this left, in seconds. */
const STEP_SECONDS = 20;

/** What a sweep did and what it left, for the metrics. */
export interface SweepReport {
  rotated: number;
  published: number;
  publishFailed: number;
  /** n8n credentials that have taken a new token, and attempts that failed. */
  pushed: number;
  pushFailed: number;
  failed: Record<FailureClass, number>;
  /** Seconds. */
  took: number;
  health: Health;
}

/**
 * Asks who is due and brings each to its desired state, the most urgent first, until time is up. Then it tells people
 * of the connections that wait for them, and looks at the whole fleet: every few minutes, and whenever a connection
 * failed for good or there was more than a page to do.
 */
export async function sweep(
  deps: SweepDependencies,
  { deadline }: { deadline: number },
): Promise<SweepReport> {
  const { now, store } = deps;
  const startedAt = now();
  const report: Omit<SweepReport, 'took' | 'health'> = {
    rotated: 0,
    published: 0,
    publishFailed: 0,
    pushed: 0,
    pushFailed: 0,
    failed: { reconnect: 0, misconfigured: 0, try_again: 0, rejected: 0 },
  };
  const hasTime = () => now() < deadline - STEP_SECONDS;
  const dead: { item: Connection; error: unknown }[] = [];
  let attempts = 0;

  const count = async (outcome: Outcome) => {
    if (outcome.did === 'nothing') return;
    attempts += 1;
    if (outcome.did === 'yielded') return;
    if (outcome.rotated) report.rotated += 1;
    report.pushed += outcome.pushes?.pushed ?? 0;
    report.pushFailed += outcome.pushes?.failed ?? 0;
    if (outcome.did === 'settled') {
      if (outcome.published) report.published += 1;
      return;
    }
    const { item, error, phase } = outcome;
    if (describe(error).class === 'reconnect') {
      dead.push({ item, error });
      return;
    }
    if (phase === 'publication') report.publishFailed += 1;
    else report.failed[describe(error).class] += 1;
    await noteFailure(item, error, deps);
  };

  /** One connection's lease that could not be asked for must not end the sweep for the others. */
  const storeIsDown = (connection: string) => (error: unknown) => {
    report.failed.try_again += 1;
    const { class: failureClass, code, message } = describe(error);
    deps.log.warn(`The lease could not be taken. ${message}`, { connection, class: failureClass, code });
  };

  const underWay = new Set<string>();
  const work = async (name: string) => {
    underWay.add(name);
    const outcome = await attempt(name, deps, { deadline }).catch(storeIsDown(name));
    underWay.delete(name);
    if (outcome) await count(outcome);
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
          const before = attempts;
          const names = hasTime() ? await ask(status) : [];
          if (!hasMore && names.length === PAGE) {
            hasMore = true;
            statuses.add('misconfigured');
          }
          for (const name of names) {
            if (hasTime() && !underWay.has(name)) yield name;
          }
          if (names.length < PAGE || attempts === before) statuses.delete(status);
        }
      }
    }
    await pMap(due(), work, { concurrency: CONCURRENCY });
    // Not before: the function stops when the sweep has failed, and with it the steps under way.
    if (failure !== undefined) throw failure;
  };

  await workOn(new Set(['active']));
  if (!hasMore && dead.length === 0 && report.failed.misconfigured === 0) {
    const found = attempts === 0 ? {} : { leastValidUntil: await store.leastValidUntil() };
    const look = await store.noteSweep(now(), found);
    if (isFresh(look, now())) return { ...report, took: now() - startedAt, health: healthOf(look, now()) };
  }
  if (!hasMore) await workOn(new Set(['misconfigured']));

  const isIncident = dead.length >= BREAKER_LEAST && dead.length > attempts / 2;
  for (const { item, error } of dead) {
    report.failed[isIncident ? 'try_again' : 'reconnect'] += 1;
    await noteFailure(item, isIncident ? INCIDENT : error, deps);
  }
  const allTold = await alertReconnects(deps);
  const look = await lookAtFleet(deps);
  await store.noteSweep(now(), allTold ? look : { ...look, lookedAt: 0 });
  return { ...report, took: now() - startedAt, health: healthOf(look, now()) };
}

/** Fewer dead connections than this are believed; it takes a fleet to tell Zoom's incident from a user's act. */
const BREAKER_LEAST = 3;

const INCIDENT = new TokenError(
  'try_again',
  'zoom_incident',
  'Zoom refuses the refresh tokens of most connections at once, which looks like an incident at Zoom.',
  'See status.zoom.us. If it lasts and Zoom is well, connect again: zoom-tokens connect.',
);
