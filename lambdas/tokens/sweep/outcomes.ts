import type { FailureClass } from '../../contract.ts';
import type { Connection } from '../connection.ts';
import { toFailure } from '../errors.ts';
import type { Outcome } from '../rotation/step.ts';

/** What the steps of a sweep did, for the metrics. */
export interface SweepCounts {
  rotated: number;
  published: number;
  publishFailed: number;
  /** n8n credentials that took a new token, and attempts that failed. */
  pushed: number;
  pushFailed: number;
  failed: Record<FailureClass, number>;
}

/** A step whose refresh token Zoom refused. Its failure is recorded once the circuit breaker has decided. */
interface Refusal {
  item: Connection;
  error: unknown;
}

/** The outcomes of a sweep's steps so far. */
export interface Outcomes {
  counts: SweepCounts;
  /** Steps that were started. */
  attempts: number;
  refusals: Refusal[];
  hasMisconfigured: boolean;
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
  refusals: [],
  hasMisconfigured: false,
});

/** Adds one step's outcome. */
export function addOutcome(outcomes: Outcomes, outcome: Outcome): void {
  const { counts } = outcomes;
  if (outcome.kind === 'nothing') return;
  outcomes.attempts += 1;
  if (outcome.kind === 'yielded') return;
  if (outcome.rotated) counts.rotated += 1;
  counts.pushed += outcome.pushes?.pushed ?? 0;
  counts.pushFailed += outcome.pushes?.failed ?? 0;
  if (outcome.kind === 'settled') {
    if (outcome.published) counts.published += 1;
    return;
  }
  const { class: failureClass } = toFailure(outcome.error);
  if (failureClass === 'reconnect') {
    outcomes.refusals.push(outcome);
    return;
  }
  if (failureClass === 'misconfigured') outcomes.hasMisconfigured = true;
  if (outcome.phase === 'publication') counts.publishFailed += 1;
  else counts.failed[failureClass] += 1;
}

/** Returns whether a connection needs a person or the operator now. */
export const needsAttention = ({ refusals, hasMisconfigured }: Outcomes): boolean =>
  refusals.length > 0 || hasMisconfigured;
