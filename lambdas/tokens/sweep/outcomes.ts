import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureClass, toFailure } from '../errors.ts';
import { type Outcome, recordFailure } from '../rotation/step.ts';

/** What the steps of a sweep did, for the metrics. */
export interface SweepCounts {
  rotated: number;
  published: number;
  publishFailed: number;
  /** n8n credentials that have taken a new token, and attempts that failed. */
  pushed: number;
  pushFailed: number;
  failed: Record<FailureClass, number>;
}

/** Counts what comes of the steps, and writes failures down. */
export interface Tally {
  readonly done: SweepCounts;
  /** Steps that were begun. */
  attempts(): number;
  count(outcome: Outcome): Promise<void>;
  /** The lease could not be asked for. */
  countUnleased(connection: string, error: unknown): void;
  /** Does a connection need a person or the operator now? */
  needsSomebody(): boolean;
  /** Believes that refresh tokens are dead, or that Zoom has an incident: most at once are not given up. */
  giveUp(): Promise<void>;
}

/** Fewer dead connections than this are believed; it takes a fleet to tell Zoom's incident from a user's act. */
const BREAKER_LEAST = 3;

const INCIDENT = new Failure(
  'retry',
  'zoom_incident',
  'Zoom refuses the refresh tokens of most connections at once, which looks like an incident at Zoom.',
  'See status.zoom.us. If it lasts and Zoom is well, connect again: zoom-tokens connect.',
);

export function createTally(deps: Dependencies): Tally {
  const done: SweepCounts = {
    rotated: 0,
    published: 0,
    publishFailed: 0,
    pushed: 0,
    pushFailed: 0,
    failed: { reconnect: 0, misconfigured: 0, retry: 0, rejected: 0 },
  };
  const dead: { item: Connection; error: unknown }[] = [];
  let attempts = 0;
  let isMisconfigured = false;

  return {
    done,
    attempts: () => attempts,
    needsSomebody: () => dead.length > 0 || isMisconfigured,

    async count(outcome) {
      if (outcome.kind === 'nothing') return;
      attempts += 1;
      if (outcome.kind === 'yielded') return;
      if (outcome.rotated) done.rotated += 1;
      done.pushed += outcome.pushes?.pushed ?? 0;
      done.pushFailed += outcome.pushes?.failed ?? 0;
      if (outcome.kind === 'settled') {
        if (outcome.published) done.published += 1;
        return;
      }
      const { item, error, phase } = outcome;
      const { class: failureClass } = toFailure(error);
      if (failureClass === 'reconnect') {
        dead.push({ item, error });
        return;
      }
      if (failureClass === 'misconfigured') isMisconfigured = true;
      if (phase === 'publication') done.publishFailed += 1;
      else done.failed[failureClass] += 1;
      await recordFailure(item, error, deps);
    },

    countUnleased(connection, error) {
      done.failed.retry += 1;
      const { class: failureClass, code, message } = toFailure(error);
      deps.log.warn(`The lease could not be taken. ${message}`, { connection, class: failureClass, code });
    },

    async giveUp() {
      const isIncident = dead.length >= BREAKER_LEAST && dead.length > attempts / 2;
      for (const { item, error } of dead) {
        done.failed[isIncident ? 'retry' : 'reconnect'] += 1;
        await recordFailure(item, isIncident ? INCIDENT : error, deps);
      }
    },
  };
}
