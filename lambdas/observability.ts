import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { SweepReport } from './tokens/sweep/sweep.ts';

/** One structured line a decision; named by POWERTOOLS_SERVICE_NAME. Never given an event, which holds codes, nor a caught error as it is. */
export const logger = new Logger();

/** Embedded metrics, with no dimension a connection: each would be billed as a metric of its own. */
export const metrics = new Metrics();

/** What a sweep did, and how the fleet stands after it. */
export function recordSweepMetrics({ health, ...report }: SweepReport): void {
  metrics.addMetric('Rotated', MetricUnit.Count, report.rotated);
  metrics.addMetric('Published', MetricUnit.Count, report.published);
  metrics.addMetric('PublishFailed', MetricUnit.Count, report.publishFailed);
  metrics.addMetric('Pushed', MetricUnit.Count, report.pushed);
  metrics.addMetric('PushFailed', MetricUnit.Count, report.pushFailed);
  metrics.addMetric('SweepSeconds', MetricUnit.Seconds, report.took);
  for (const [failureClass, count] of Object.entries(report.failed)) {
    if (count === 0) continue;
    const failed = metrics.singleMetric();
    failed.addDimension('class', failureClass);
    failed.addMetric('RotationFailed', MetricUnit.Count, count);
  }
  if (!health) return;
  metrics.addMetric('ReconnectNeeded', MetricUnit.Count, health.reconnect);
  metrics.addMetric('Misconfigured', MetricUnit.Count, health.misconfigured);
  if (health.minutesOfValidity !== undefined) {
    metrics.addMetric('MinutesOfValidity', MetricUnit.NoUnit, health.minutesOfValidity);
  }
}

/**
 * An unexpected error as it may be logged: its name, its code if it has one, and where it was thrown, which `npm run where`
 * finds in the source. Its message may quote what could not be parsed, and its cause may hold Zoom's whole answer.
 */
export function errorLocation(error: unknown): { errorName: string; code?: string; at: string } {
  if (!(error instanceof Error)) return { errorName: typeof error, at: '' };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const { code } = error as NodeJS.ErrnoException;
  // A constant of Node, of jose or of the system; nothing that was read.
  const isConstant = typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code);
  return { errorName: error.name, ...(isConstant && { code }), at: frames.slice(0, 8).join('\n') };
}
