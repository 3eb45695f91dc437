import '../../support/services/output.ts';
import { describe, expect, test } from '@jest/globals';
import { FAILURE_CLASSES, METRICS, METRICS_NAMESPACE, type Monitoring } from '../../../lambdas/contract.ts';
import { metrics, recordSweepMetrics } from '../../../lambdas/observability.ts';
import { metricsIn, takeOutput } from '../../support/services/output.ts';
import { functionNamed, synthesized } from '../synthesized.ts';

// How much `monitoring` measures: what the functions record, and what the template watches.

const essential = synthesized();
const full = synthesized({ monitoring: 'full' });
const alarmsOf = (template: typeof full) =>
  Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

const FAILING = {
  rotated: 3,
  published: 2,
  publishFailed: 1,
  pushed: 1,
  pushFailed: 1,
  failed: { reconnect: 1, misconfigured: 1, retry: 1, rejected: 1 },
  took: 1,
  health: { minutesOfValidity: 30, reconnect: 1, misconfigured: 1 },
};
const IDLE = {
  rotated: 0,
  published: 0,
  publishFailed: 0,
  pushed: 0,
  pushFailed: 0,
  failed: { reconnect: 0, misconfigured: 0, retry: 0, rejected: 0 },
  took: 0,
  health: { minutesOfValidity: 0, reconnect: 0, misconfigured: 0 },
};

/** Returns each metric that a sweep records, with its class: what CloudWatch bills as one metric. */
function recorded(report: typeof FAILING, monitoring: Monitoring): string[] {
  takeOutput();
  recordSweepMetrics(report, monitoring);
  metrics.publishStoredMetrics();
  return metricsIn(takeOutput()).map(({ name, dimensions: { service, ...others } }) =>
    [name, ...Object.values(others)].join(' '),
  );
}

describe("with monitoring 'essential', the default,", () => {
  test('a sweep in which everything fails records five metrics', () => {
    expect(recorded(FAILING, 'essential').sort()).toEqual([
      'MinutesOfValidity',
      'Misconfigured',
      'PublishFailed',
      'PushFailed',
      'SweepSeconds',
    ]);
  });

  test('a sweep in which nothing fails records two metrics, also where their values are zero', () => {
    expect(recorded(IDLE, 'essential').sort()).toEqual(['MinutesOfValidity', 'SweepSeconds']);
  });

  test('the template has seven alarms, and no dashboard', () => {
    expect(
      alarmsOf(essential)
        .map(({ AlarmName }) => AlarmName)
        .sort(),
    ).toEqual(
      [
        'dead-letters',
        'function-errors-rotate',
        'misconfigured',
        'no-sweep',
        'publish-failing',
        'push-failing',
        'validity-low',
      ].map((name) => `zoom-token-refresher-${name}`),
    );
    essential.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });

  test('each alarm on a metric of the functions watches one that they record', () => {
    const own = alarmsOf(essential).filter(({ Namespace }) => Namespace === METRICS_NAMESPACE);
    expect(recorded(FAILING, 'essential')).toEqual(
      expect.arrayContaining(own.map(({ MetricName }) => MetricName)),
    );
    expect(own).toHaveLength(5);
  });

  test('the rotate function sends its mails by name to the topic, as with full', () => {
    for (const template of [essential, full]) {
      const { Variables } = functionNamed(template, 'zoom-token-refresher-rotate').Environment;
      expect(Variables.ALERT_TOPIC_ARN).toEqual({ Ref: expect.stringContaining('AlarmsTopic') });
    }
  });
});

describe("with monitoring 'full'", () => {
  test('a sweep records every metric of the contract, each class of failure as a metric of its own', () => {
    expect(new Set(recorded(FAILING, 'full'))).toEqual(
      new Set([
        ...METRICS.filter((name) => name !== 'RotationFailed'),
        ...FAILURE_CLASSES.map((failureClass) => `RotationFailed ${failureClass}`),
      ]),
    );
  });

  test('a sweep in which nothing fails records zeros, which the dashboard shows', () => {
    expect(recorded(IDLE, 'full')).toContain('Misconfigured');
  });

  test('the dashboard shows every metric, and the alarms watch no other', () => {
    const [dashboard] = Object.values(full.findResources('AWS::CloudWatch::Dashboard'));
    for (const name of METRICS) {
      expect(JSON.stringify(dashboard?.Properties.DashboardBody)).toContain(name);
    }
    const own = alarmsOf(full).filter(({ Namespace }) => Namespace === METRICS_NAMESPACE);
    expect(METRICS).toEqual(expect.arrayContaining(own.map(({ MetricName }) => MetricName)));
  });

  test('the rotate function learns it', () => {
    const { Variables } = functionNamed(full, 'zoom-token-refresher-rotate').Environment;
    expect(Variables.MONITORING).toBe('full');
  });
});
