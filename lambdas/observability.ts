import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MetricName } from './contract.ts';
import type { SweepReport } from './tokens/sweep/sweep.ts';

/**
 * Writes one structured line a decision; POWERTOOLS_SERVICE_NAME is its service. It is never given an event, which holds
 * codes, nor a caught error as it is.
 */
export const logger = new Logger();

/** Embedded metrics, with no dimension a connection: each would be billed as a metric of its own. */
export const metrics = new Metrics();

/** Records what a sweep did, and the fleet's health after it. */
export function recordSweepMetrics({ health, ...report }: SweepReport): void {
  add('Rotated', report.rotated);
  add('Published', report.published);
  add('PublishFailed', report.publishFailed);
  add('Pushed', report.pushed);
  add('PushFailed', report.pushFailed);
  add('SweepSeconds', report.took, MetricUnit.Seconds);
  for (const [failureClass, count] of Object.entries(report.failed)) {
    if (count === 0) continue;
    const failed = metrics.singleMetric();
    failed.addDimension('class', failureClass);
    failed.addMetric('RotationFailed' satisfies MetricName, MetricUnit.Count, count);
  }
  if (!health) return;
  add('ReconnectNeeded', health.reconnect);
  add('Misconfigured', health.misconfigured);
  if (health.minutesOfValidity !== undefined) {
    add('MinutesOfValidity', health.minutesOfValidity, MetricUnit.NoUnit);
  }
}

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

function add(name: MetricName, value: number, unit: Unit = MetricUnit.Count): void {
  metrics.addMetric(name, unit, value);
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
