import type { SweepDependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { publishBundle } from '../publication/publish-bundle.ts';
import { step } from '../rotation/step.ts';
import { alertRecovered } from '../sweep/alerts.ts';
import { addOutcome, noOutcomes, type SweepCounts } from '../sweep/outcomes.ts';
import type { SweepOptions } from '../sweep/run.ts';
import type { StartRequest } from './start-request.ts';

/**
 * Makes one step for the connection, if it is due, or publishes the bundle, if a member has left it. A repetition finds
 * nothing due, and the next sweep makes up for a step that failed. Returns what the step did, for the metrics.
 */
export async function runStarted(
  request: StartRequest,
  deps: SweepDependencies,
  options: SweepOptions,
): Promise<SweepCounts> {
  const outcomes = noOutcomes();
  if (request.start === 'bundle') {
    await publishBundle(request.bundle, [], deps, { ...options, isRemoval: true });
    return outcomes.counts;
  }
  const { connection } = request;
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
