import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { ESSENTIAL_METRICS, type MetricName, type Monitoring } from './contract.ts';
import type { Invocation } from './tokens/history/history.ts';
import type { SweepCounts } from './tokens/sweep/outcomes.ts';
import type { SweepReport } from './tokens/sweep/sweep.ts';

/**
 * Writes one structured line for each decision. POWERTOOLS_SERVICE_NAME sets the service. It never receives an event,
 * which contains codes, nor a caught error.
 */
export const logger = new Logger();

let present: Invocation = {};

/** Notes the request that this function works on. Lambda gives an execution environment one at a time. */
export function setInvocation(invocation: Invocation): void {
  present = invocation;
}

/** Returns the request that this function works on. */
export const invocation = (): Invocation => present;

/** Embedded metrics. No dimension names a connection, because CloudWatch bills each value as a metric of its own. */
// Functions that record none leave it out of their bundle.
export const metrics = /* @__PURE__ */ new Metrics();

/** Records the outcome of steps; only `ESSENTIAL_METRICS` where `monitoring` says so. */
export function recordStepMetrics(report: SweepCounts, monitoring: Monitoring): void {
  count('Rotated', report.rotated, monitoring);
  count('Published', report.published, monitoring);
  count('PublishFailed', report.publishFailed, monitoring);
  count('Pushed', report.pushed, monitoring);
  count('PushFailed', report.pushFailed, monitoring);
  if (monitoring === 'full') recordFailures(report.failed);
}

/** Records the outcome of a sweep, and the fleet's health after it. */
export function recordSweepMetrics({ health, ...report }: SweepReport, monitoring: Monitoring): void {
  recordStepMetrics(report, monitoring);
  add('SweepSeconds', report.took, MetricUnit.Seconds);
  if (!health) return;
  count('ReconnectNeeded', health.reconnect, monitoring);
  count('Misconfigured', health.misconfigured, monitoring);
  if (health.minutesOfValidity !== undefined) {
    add('MinutesOfValidity', health.minutesOfValidity, MetricUnit.NoUnit);
  }
}

/** Records a count. With `essential` a zero, and a metric that is not essential, costs nothing. */
function count(name: MetricName, value: number, monitoring: Monitoring): void {
  if (monitoring === 'essential' && (value === 0 || !ESSENTIAL_METRICS.includes(name))) return;
  add(name, value, MetricUnit.Count);
}

function recordFailures(counts: SweepCounts['failed']): void {
  for (const [failureClass, value] of Object.entries(counts)) {
    if (value === 0) continue;
    const failed = metrics.singleMetric();
    failed.addDimension('class', failureClass);
    failed.addMetric('RotationFailed' satisfies MetricName, MetricUnit.Count, value);
  }
}

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

function add(name: MetricName, value: number, unit: Unit): void {
  metrics.addMetric(name, unit, value);
}

/**
 * Returns the parts of an unexpected error that may be logged: its name, its code if it has one, and its stack frames.
 * `npm run where` finds the frames in the source. The message may quote the text that could not be parsed, and the cause
 * may contain a whole response of Zoom, so neither is logged.
 */
export function errorLocation(error: unknown): { errorName: string; code?: string; at: string } {
  if (!(error instanceof Error)) return { errorName: typeof error, at: '' };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const { code } = error as NodeJS.ErrnoException;
  // A constant of Node, jose or the operating system, not a value from input.
  const isConstant = typeof code === 'string' && /^[A-Z][A-Z0-9_]*$/.test(code);
  return { errorName: error.name, ...(isConstant && { code }), at: frames.slice(0, 8).join('\n') };
}
