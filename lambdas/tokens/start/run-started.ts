import { isDisconnected } from '../connection.ts';
import type { SweepDependencies } from '../dependencies.ts';
import { step } from '../rotation/step.ts';
import { alertRecovered } from '../sweep/alerts.ts';
import { finishDisconnection } from '../sweep/left-disconnections.ts';
import { addOutcome, noOutcomes, type SweepCounts } from '../sweep/outcomes.ts';
import type { SweepOptions } from '../sweep/run.ts';
import { warnOfFailure } from '../warn-of-failure.ts';
import type { StartRequest } from './start-request.ts';

/**
 * Makes one step for the connection, or completes its disconnection, if that is due. A repetition finds nothing due, and the
 * next sweep makes up for a run that failed. Returns what the step did, for the metrics.
 */
export async function runStarted(
  { connection }: StartRequest,
  deps: SweepDependencies,
  options: SweepOptions,
): Promise<SweepCounts> {
  const outcomes = noOutcomes();
  const item = await deps.store.get(connection);
  if (item && isDisconnected(item)) {
    await finishDisconnection(connection, { deps, ...options });
    return outcomes.counts;
  }
  try {
    addOutcome(outcomes, await step(connection, deps, options), deps.now());
  } catch (error) {
    outcomes.counts.failed.retry += 1;
    warnOfFailure(deps.log, 'Nothing was done for the connection: its lease could not be taken.', error, {
      connection,
    });
  }
  await alertRecovered(outcomes.recovered, deps);
  return outcomes.counts;
}
