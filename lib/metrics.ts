import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Settings } from './settings/settings.ts';

export const NAMESPACE = 'ZoomTokenRefresher';

/** The classes of failure by which `RotationFailed` is counted. */
export const FAILURE_CLASSES = ['retry', 'reconnect', 'misconfigured', 'rejected'] as const;

/** What the functions measure; the names are those of `lambdas/observability.ts`. */
export type MetricName =
  | 'Rotated'
  | 'RotationFailed'
  | 'Published'
  | 'PublishFailed'
  | 'Pushed'
  | 'PushFailed'
  | 'MinutesOfValidity'
  | 'ReconnectNeeded'
  | 'Misconfigured'
  | 'SweepSeconds';

type Statistic = 'Sum' | 'Maximum' | 'Minimum' | 'SampleCount';

/** One of the functions' own metrics. `failureClass` is for `RotationFailed` alone. */
export function functionMetric(
  { name }: Pick<Settings, 'name'>,
  metricName: MetricName,
  statistic: Statistic,
  { period = Duration.minutes(1), failureClass }: { period?: Duration; failureClass?: string } = {},
): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName,
    statistic,
    period,
    dimensionsMap: { service: name, ...(failureClass !== undefined && { class: failureClass }) },
    ...(failureClass !== undefined && { label: failureClass }),
  });
}
