import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type FailureClass, METRICS_NAMESPACE, type MetricName } from '../lambdas/contract.ts';
import type { Settings } from './settings/settings.ts';

type Statistic = 'Sum' | 'Maximum' | 'Minimum' | 'SampleCount';

/**
 * Returns one of the functions' own metrics, which `lambdas/observability.ts` records.
 * @param period       one minute unless given
 * @param failureClass for `RotationFailed` alone, whose second dimension it is
 */
export function functionMetric(
  { name }: Pick<Settings, 'name'>,
  metricName: MetricName,
  statistic: Statistic,
  { period = Duration.minutes(1), failureClass }: { period?: Duration; failureClass?: FailureClass } = {},
): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName,
    statistic,
    period,
    dimensionsMap: { service: name, ...(failureClass !== undefined && { class: failureClass }) },
    ...(failureClass !== undefined && { label: failureClass }),
  });
}
