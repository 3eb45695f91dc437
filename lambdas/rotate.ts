import middy from '@middy/core';
import { createAlerts } from './aws/sns-alerts.ts';
import { recordSweepMetrics } from './observability.ts';
import { createRuntime, lazily, type Runtime } from './runtime.ts';
import type { Alerts } from './tokens/dependencies.ts';
import { type SweepReport, sweep } from './tokens/sweep/sweep.ts';
import { deadlineOf, OWN_DEADLINE, withLogContext, withMetrics } from './web/middleware.ts';

/** Started by the scheduler every minute; its event says nothing that matters. */
export function createHandler(load: () => Runtime & { alerts: Alerts }) {
  return middy<unknown, SweepReport>(OWN_DEADLINE)
    .use(withLogContext())
    .use(withMetrics())
    .handler(async (_event, context) => {
      const runtime = load();
      const { failure, ...report } = await sweep(runtime, { deadline: deadlineOf(context, runtime.now()) });
      recordSweepMetrics(report);
      if (failure !== undefined) throw failure;
      return report;
    });
}

/** The sweep alone alerts: no other function has the topic, nor the right to it. */
export const withAlerts = (runtime: Runtime) => ({ ...runtime, alerts: createAlerts(runtime.alertTopicArn) });

export const handler = createHandler(lazily(() => withAlerts(createRuntime())));
