import middy from '@middy/core';
import { createAlerts } from './aws/sns-alerts.ts';
import { lazily } from './lazily.ts';
import { recordStepMetrics, recordSweepMetrics } from './observability.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import type { Alerts } from './tokens/dependencies.ts';
import { createResealer } from './tokens/key-rotation/reseal.ts';
import { runStarted } from './tokens/start/run-started.ts';
import { parseStartRequest } from './tokens/start/start-request.ts';
import type { SweepCounts } from './tokens/sweep/outcomes.ts';
import { createAppWatch } from './tokens/sweep/removed-apps.ts';
import { type SweepReport, sweep } from './tokens/sweep/sweep.ts';
import { deadlineOf, logFailure, OWN_DEADLINE, withLogContext, withMetrics } from './web/middleware.ts';

/**
 * Creates the handler that the scheduler starts every minute for a sweep. The callback function starts it for one connection
 * (`StartRequest`); that run is no sweep, and does not count as one.
 */
export function createHandler(load: () => Runtime & { alerts: Alerts }) {
  const reseal = lazily(() => createResealer(load()));
  const attendApps = lazily(() => {
    const runtime = load();
    return createAppWatch(Object.keys(runtime.installation.existing.appSecretArns), runtime);
  });
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
      await attendApps()(options).catch(logFailure);
      await attendKeys({ ...runtime, reseal: reseal() }, options);
      recordSweepMetrics(report, runtime.monitoring);
      if (failure !== undefined) throw failure;
      return report;
    });
}

/** For the public half of the sealing key, and for a page of what is stored sealed; seconds. */
const KEYS_SECONDS = 10;

/**
 * Publishes the public half of the sealing key where it is missing, then seals with that key what is stored. A sweep does not
 * fail for it.
 */
async function attendKeys(
  { publishKey, reseal, now }: Pick<Runtime, 'publishKey' | 'now'> & { reseal: () => Promise<void> },
  { deadline }: { deadline: number },
): Promise<void> {
  if (now() > deadline - KEYS_SECONDS) return;
  try {
    await publishKey();
    await reseal();
  } catch (error) {
    logFailure(error);
  }
}

/** The sweep alone alerts: no other function has the topic, nor the right to it. */
export const withAlerts = (runtime: Runtime) => ({
  ...runtime,
  alerts: createAlerts(runtime.alertTopicArn, runtime.installation.name),
});

export const handler = createHandler(lazily(() => withAlerts(createRuntime())));
