import type { SweepDependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { step } from '../rotation/step.ts';
import { alertRecovered } from '../sweep/alerts.ts';
import { addOutcome, noOutcomes, type SweepCounts } from '../sweep/outcomes.ts';
import type { SweepOptions } from '../sweep/run.ts';
import type { StartRequest } from './start-request.ts';

/**
 * Makes one step for the connection, if it is due. A repetition finds nothing due, and the next sweep makes up for a step
 * that failed. Returns what the step did, for the metrics.
 */
export async function runStarted(
  { connection }: StartRequest,
  deps: SweepDependencies,
  options: SweepOptions,
): Promise<SweepCounts> {
  const outcomes = noOutcomes();
  try {
    addOutcome(outcomes, await step(connection, deps, options), deps.now());
  } catch (error) {
    outcomes.counts.failed.retry += 1;
    const { class: failureClass, code, message } = toFailure(error);
    deps.log.warn(`The lease could not be taken. ${message}`, { connection, class: failureClass, code });
  }
  await alertRecovered(outcomes.recovered, deps);
  return outcomes.counts;
}
