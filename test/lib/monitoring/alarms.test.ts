import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { NAMESPACE } from '../../../lib/metrics.ts';
import { synthesized } from '../synthesized.ts';

const template = synthesized({ alarmEmail: 'operator@example.com' });
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
  ({ Properties }) => Properties,
);
const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');

/** The text under each second-level heading, by the anchor that a reader's link leads to. */
const sections = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [heading = ''] = section.split('\n');
      return [
        heading
          .toLowerCase()
          .replace(/[^\w\s-]/g, '')
          .trim()
          .replace(/\s+/g, '-'),
        section,
      ];
    }),
);

describe('each alarm', () => {
  test.each(alarms.map((alarm) => [alarm.AlarmName, alarm]))(
    '%s leads to the section of the runbook that says what it means, how to look and how to resolve it',
    (_name, { AlarmDescription }) => {
      const [, anchor = ''] = /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription) ?? [];
      const section = sections.get(anchor) ?? '';
      for (const part of ['What it means', 'How to look', 'How to resolve']) {
        expect(section).toContain(`### ${part}`);
      }
    },
  );

  test.each(alarms.map((alarm) => [alarm.AlarmName, alarm]))(
    '%s says in its description what to do first, in what a mail can hold',
    (_name, { AlarmDescription }) => {
      const [what = '', ...first] = AlarmDescription.replace(/ More: \S+$/, '').split(/(?<=[.:]) (?=[A-Z])/);
      expect(what).toMatch(/^.{20,120}$/);
      expect(first.join(' ')).toMatch(
        /zoom-tokens \w+|aws lambda invoke|\blog \/aws\/lambda\/|queue |quota /,
      );
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      expect(AlarmDescription.length).toBeLessThan(1024);
    },
  );

  test('names the installation in its commands, where it is not the default one', () => {
    const other = synthesized({ name: 'staging' });
    const described = Object.values(other.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }): string => Properties.AlarmDescription,
    );
    const commands = described.flatMap((text) => text.match(/zoom-tokens \w+[^.]*/g) ?? []);
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) expect(command).toContain('--name staging');
    expect(described.join()).not.toContain('zoom-token-refresher');
  });

  test('tells the topic when it rings, and when it is over', () => {
    const topic = [{ Ref: expect.stringContaining('AlarmsTopic') }];
    for (const alarm of alarms) expect(alarm).toMatchObject({ AlarmActions: topic, OKActions: topic });
  });

  test('may send its reader to another copy of the runbook', () => {
    const other = synthesized({ runbookUrl: 'https://wiki.example.com/zoom' });
    other.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('https://wiki.example.com/zoom#[a-z-]+$'),
    });
  });
});

describe('what rings', () => {
  const alarm = (section: string) =>
    alarms.find(({ AlarmName }) => AlarmName === `zoom-token-refresher-${section}`);
  const own = {
    Namespace: NAMESPACE,
    Dimensions: [{ Name: 'service', Value: 'zoom-token-refresher' }],
  };

  test('ten minutes without a sweep: what is not measured counts', () => {
    expect(alarm('no-sweep')).toMatchObject({
      ...own,
      MetricName: 'SweepSeconds',
      Statistic: 'SampleCount',
      Period: 60,
      EvaluationPeriods: 10,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
    });
  });

  test('a token that n8n reads with less than ten minutes left, three minutes long', () => {
    expect(alarm('validity-low')).toMatchObject({
      ...own,
      MetricName: 'MinutesOfValidity',
      Statistic: 'Minimum',
      EvaluationPeriods: 3,
      Threshold: 10,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test.each([
    ['reconnect-needed', 'ReconnectNeeded', 'Maximum', 1],
    ['misconfigured', 'Misconfigured', 'Maximum', 1],
    ['publish-failing', 'PublishFailed', 'Sum', 2],
  ])('%s: any %s', (section, MetricName, Statistic, EvaluationPeriods) => {
    expect(alarm(section)).toMatchObject({
      ...own,
      MetricName,
      Statistic,
      EvaluationPeriods,
      Period: 300,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    });
  });

  test.each([
    ['callback-errors', 'AWS/ApiGateway', '5xx', 'Sum'],
    ['dead-letters', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'Maximum'],
    ...['callback', 'rotate', 'operator'].flatMap((task) => [
      [`function-errors-${task}`, 'AWS/Lambda', 'Errors', 'Sum'] as const,
      [`function-throttles-${task}`, 'AWS/Lambda', 'Throttles', 'Sum'] as const,
    ]),
  ])('%s: any of what %s counts as %s', (section, Namespace, MetricName, Statistic) => {
    expect(alarm(section)).toMatchObject({ Namespace, MetricName, Statistic, Threshold: 1 });
  });

  test('a push that fails twice in half an hour: what a person must fix is tried every quarter of an hour', () => {
    expect(alarm('push-failing')).toMatchObject({
      ...own,
      MetricName: 'PushFailed',
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 6,
      DatapointsToAlarm: 2,
      Threshold: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('nothing else', () => {
    expect(alarms).toHaveLength(14);
  });

  test('thresholds are chosen', () => {
    const chosen = synthesized({
      marginSeconds: 480,
      alarmNoSweepMinutes: 5,
      alarmPublishFailures: 20,
      alarmCallbackErrors: 3,
    });
    const has = (properties: object) => chosen.hasResourceProperties('AWS::CloudWatch::Alarm', properties);
    has({ MetricName: 'SweepSeconds', EvaluationPeriods: 5 });
    has({ MetricName: 'MinutesOfValidity', Threshold: 8 });
    has({ MetricName: 'PublishFailed', Threshold: 20 });
    has({ MetricName: '5xx', Threshold: 3 });
  });

  test('a sweep every five minutes gives the validity one value in five minutes, and that one rings', () => {
    const slow = synthesized({ sweepRateMinutes: 5 });
    slow.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'MinutesOfValidity',
      EvaluationPeriods: 5,
      DatapointsToAlarm: 1,
    });
  });
});

test('the alarms and the dashboard watch what the functions measure, by the same names', async () => {
  process.env.POWERTOOLS_METRICS_NAMESPACE = NAMESPACE;
  const { recordSweepMetrics, metrics } = await import('../../../lambdas/observability.ts');
  const report = {
    rotated: 0,
    published: 0,
    publishFailed: 0,
    pushed: 0,
    pushFailed: 0,
    failed: { reconnect: 0, misconfigured: 0, retry: 0, rejected: 0 },
    took: 1,
    health: { minutesOfValidity: 30, reconnect: 0, misconfigured: 0 },
  };
  recordSweepMetrics(report);
  const [directive] = metrics.serializeMetrics()._aws.CloudWatchMetrics;
  const measured = (directive?.Metrics ?? []).map(({ Name }) => Name);
  expect(directive?.Dimensions).toEqual([['service']]);
  const watched = alarms
    .filter(({ Namespace }) => Namespace === NAMESPACE)
    .map(({ MetricName }) => MetricName);
  expect(measured).toEqual(expect.arrayContaining(watched));
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  for (const name of [...measured, 'RotationFailed']) {
    expect(JSON.stringify(dashboard?.Properties.DashboardBody)).toContain(name);
  }
});

test('the topic takes what comes over TLS alone, and mails whom the context names', () => {
  template.hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'operator@example.com',
  });
  template.hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      ]),
    },
  });
});

test("the topic's own policy lets CloudWatch in, for the alarms of this account", () => {
  template.hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Action: 'sns:Publish',
          Resource: { Ref: Match.stringLikeRegexp('AlarmsTopic') },
          Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
        }),
      ]),
    },
  });
});
