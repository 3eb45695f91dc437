import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type Metric,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { FAILURE_CLASSES } from '../../lambdas/contract.ts';
import { functionMetric } from '../metrics.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Alarms } from './alarms.ts';
import { functionsByTask, type WatchedFunctions } from './watched-functions.ts';

interface DashboardProps extends WatchedFunctions {
  readonly settings: Settings;
  readonly alarms: Alarms;
}

/** One page: the alarms, the validity of n8n's tokens, the work of the sweeps, and the functions' health. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { settings, alarms, callbackApi } = props;
    const five = Duration.minutes(5);
    const ofEachFunction = (metric: (fn: ServiceFunction) => Metric) =>
      Object.entries(functionsByTask(props)).map(([label, fn]) => metric(fn).with({ label }));

    new CloudWatchDashboard(this, 'Dashboard', {
      // An account has one dashboard of a name, in all its Regions.
      dashboardName: `${settings.name}-${Stack.of(this).region}`,
      defaultInterval: Duration.hours(3),
      widgets: [
        [
          new AlarmStatusWidget({ title: 'Alarms', alarms: alarms.alarms, width: 12, height: 4 }),
          new SingleValueWidget({
            title: 'Now',
            metrics: [
              functionMetric(settings, 'MinutesOfValidity', 'Minimum'),
              functionMetric(settings, 'ReconnectNeeded', 'Maximum'),
              functionMetric(settings, 'Misconfigured', 'Maximum'),
            ],
            width: 12,
            height: 4,
          }),
        ],
        [
          graph('Minutes of validity of the token that expires first', [
            functionMetric(settings, 'MinutesOfValidity', 'Minimum'),
          ]),
          graph('Tokens', [
            functionMetric(settings, 'Rotated', 'Sum', { period: five }),
            functionMetric(settings, 'Published', 'Sum', { period: five }),
            functionMetric(settings, 'PublishFailed', 'Sum', { period: five }),
            functionMetric(settings, 'Pushed', 'Sum', { period: five }),
            functionMetric(settings, 'PushFailed', 'Sum', { period: five }),
          ]),
        ],
        [
          graph(
            'Failed rotations by class',
            FAILURE_CLASSES.map((failureClass) =>
              functionMetric(settings, 'RotationFailed', 'Sum', { period: five, failureClass }),
            ),
          ),
          graph('Duration of a sweep, seconds', [functionMetric(settings, 'SweepSeconds', 'Maximum')]),
        ],
        [
          graph('Requests to the HTTP API', [
            callbackApi.api.metricCount({ statistic: 'Sum', label: 'Requests' }),
            callbackApi.api.metricClientError({ statistic: 'Sum', label: 'Client errors' }),
            callbackApi.api.metricServerError({ statistic: 'Sum', label: 'Server errors' }),
          ]),
          graph(
            'Errors of the functions',
            ofEachFunction((fn) => fn.metricErrors()),
          ),
        ],
        [
          graph(
            'Throttles of the functions',
            ofEachFunction((fn) => fn.metricThrottles()),
          ),
          graph(
            'Duration of the functions, milliseconds, 99th percentile',
            ofEachFunction((fn) => fn.metricDuration({ statistic: 'p99' })),
          ),
        ],
      ],
    });
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 12, height: 6, leftYAxis: { min: 0 } });
}
