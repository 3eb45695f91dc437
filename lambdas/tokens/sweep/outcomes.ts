import type { FailureClass } from '../../contract.ts';
import { type Connection, hasRecovered } from '../connection.ts';
import type { Outcome } from '../rotation/step.ts';

/** Counts of a sweep's steps, for the metrics. */
export interface SweepCounts {
  rotated: number;
  published: number;
  publishFailed: number;
  /** n8n credentials that took a new token, and attempts that failed. */
  pushed: number;
  pushFailed: number;
  failed: Record<FailureClass, number>;
}

/** The outcomes of a sweep's steps so far. */
export interface Outcomes {
  counts: SweepCounts;
  /** Steps that were started. */
  attempts: number;
  /** Connections of which people had been alerted, and which are well again. */
  recovered: Connection[];
  /** A connection needs a person or the operator now, or an app's requests were refused. */
  needsAttention: boolean;
}

export const noOutcomes = (): Outcomes => ({
  counts: {
    rotated: 0,
    published: 0,
    publishFailed: 0,
    pushed: 0,
    pushFailed: 0,
    failed: { reconnect: 0, misconfigured: 0, retry: 0, rejected: 0 },
  },
  attempts: 0,
  recovered: [],
  needsAttention: false,
});

/** Adds the outcome of one step that ended at `now` (epoch seconds). */
export function addOutcome(outcomes: Outcomes, outcome: Outcome, now: number): void {
  const { counts } = outcomes;
  if (outcome.kind === 'nothing' || outcome.kind === 'paused') return;
  outcomes.attempts += 1;
  if (outcome.kind === 'yielded') return;
  if (outcome.rotated) counts.rotated += 1;
  counts.pushed += outcome.pushes?.pushed ?? 0;
  counts.pushFailed += outcome.pushes?.failed ?? 0;
  if (outcome.kind === 'settled') {
    if (outcome.published) counts.published += 1;
    if (hasRecovered(outcome.item, now)) outcomes.recovered.push(outcome.item);
    return;
  }
  if (outcome.isRefused || outcome.recorded !== 'retry') outcomes.needsAttention = true;
  if (outcome.phase === 'publication') counts.publishFailed += 1;
  else counts.failed[outcome.recorded] += 1;
}

/** Returns whether the alerts and the health check must not wait for a later sweep. */
export const needsAttention = ({ needsAttention: needed, recovered }: Outcomes): boolean =>
  needed || recovered.length > 0;
