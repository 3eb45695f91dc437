import middy from '@middy/core';
import { createAlerts } from './aws/sns-alerts.ts';
import { recordStepMetrics, recordSweepMetrics } from './observability.ts';
import { createRuntime, lazily, type Runtime } from './runtime.ts';
import type { Alerts } from './tokens/dependencies.ts';
import { runStarted } from './tokens/start/run-started.ts';
import { parseStartRequest } from './tokens/start/start-request.ts';
import type { SweepCounts } from './tokens/sweep/outcomes.ts';
import { type SweepReport, sweep } from './tokens/sweep/sweep.ts';
import { deadlineOf, logFailure, OWN_DEADLINE, withLogContext, withMetrics } from './web/middleware.ts';

/**
 * Creates the handler that the scheduler starts every minute for a sweep. The callback function starts it for one connection
 * (`StartRequest`); that run is no sweep, and does not count as one.
 */
export function createHandler(load: () => Runtime & { alerts: Alerts }) {
  return middy<unknown, SweepReport | SweepCounts>(OWN_DEADLINE)
    .use(withLogContext())
    .use(withMetrics())
    .handler(async (event, context) => {
      const runtime = load();
      const request = parseStartRequest(event);
      const options = { deadline: deadlineOf(context, runtime.now()) };
      if (request) {
        const counts = await runStarted(request, runtime, options);
        recordStepMetrics(counts, runtime.monitoring);
        return counts;
      }
      const { failure, ...report } = await sweep(runtime, options);
      await keepKeyPublished(runtime, options);
      recordSweepMetrics(report, runtime.monitoring);
      if (failure !== undefined) throw failure;
      return report;
    });
}

/** For reading and writing the public half of the sealing key, seconds. */
const PUBLISH_KEY_SECONDS = 10;

/** Publishes the public half of the sealing key where it is missing. A sweep does not fail for it. */
async function keepKeyPublished(
  { publishKey, now }: Pick<Runtime, 'publishKey' | 'now'>,
  { deadline }: { deadline: number },
): Promise<void> {
  if (now() > deadline - PUBLISH_KEY_SECONDS) return;
  await publishKey().catch(logFailure);
}

/** The sweep alone alerts: no other function has the topic, nor the right to it. */
export const withAlerts = (runtime: Runtime) => ({ ...runtime, alerts: createAlerts(runtime.alertTopicArn) });

export const handler = createHandler(lazily(() => withAlerts(createRuntime())));
