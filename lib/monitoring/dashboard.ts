import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { FAILURE_CLASSES, functionMetric } from '../metrics.ts';
import type { Settings } from '../settings/settings.ts';
import type { AlarmSources, Alarms } from './alarms.ts';

interface DashboardProps extends AlarmSources {
  readonly settings: Settings;
  readonly alarms: Alarms;
}

/** One page: what rings, how long n8n's tokens are valid, what the sweeps do, and how the functions fare. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { settings, alarms, callbackApi, rotation, operator } = props;
    const five = Duration.minutes(5);
    const functions = {
      callback: callbackApi.function,
      rotate: rotation.function,
      operator: operator.function,
    };
    const ofEach = (
      metric: (fn: (typeof functions)['rotate']) => { with(props: { label: string }): IMetric },
    ) => Object.entries(functions).map(([label, fn]) => metric(fn).with({ label }));

    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: settings.name,
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
          graph('Minutes of validity, of the token that ends first', [
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
          graph('Seconds of a sweep', [functionMetric(settings, 'SweepSeconds', 'Maximum')]),
        ],
        [
          graph("The consent's pages", [
            callbackApi.api.metricCount({ statistic: 'Sum', label: 'Requests' }),
            callbackApi.api.metricClientError({ statistic: 'Sum', label: 'Client errors' }),
            callbackApi.api.metricServerError({ statistic: 'Sum', label: 'Server errors' }),
          ]),
          graph(
            'Errors of the functions',
            ofEach((fn) => fn.metricErrors()),
          ),
        ],
        [
          graph(
            'Throttles of the functions',
            ofEach((fn) => fn.metricThrottles()),
          ),
          graph(
            'Milliseconds of a function, 99th percentile',
            ofEach((fn) => fn.metricDuration({ statistic: 'p99' })),
          ),
        ],
      ],
    });
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 12, height: 6, leftYAxis: { min: 0 } });
}
