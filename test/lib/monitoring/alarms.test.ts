import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { METRICS_NAMESPACE } from '../../../lambdas/contract.ts';
import { stackWith, synthesized } from '../synthesized.ts';

const template = synthesized({ monitoring: 'full', alarmEmail: 'operator@example.com' });
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
  ({ Properties }) => Properties,
);
const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');

/** The text of each second-level section, by its anchor. */
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
    '%s links to its section of the runbook, which says what it means, how to look and how to resolve it',
    (_name, { AlarmDescription }) => {
      const [, anchor = ''] = /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription) ?? [];
      const section = sections.get(anchor) ?? '';
      for (const part of ['What it means', 'How to look', 'How to resolve']) {
        expect(section).toContain(`### ${part}`);
      }
    },
  );

  test.each(alarms.map((alarm) => [alarm.AlarmName, alarm]))(
    '%s says in its description what happened and what to do first, within the limit of CloudWatch',
    (_name, { AlarmDescription }) => {
      const [summary = '', ...advice] = AlarmDescription.replace(/ More: \S+$/, '').split(
        /(?<=[.:]) (?=[A-Z])/,
      );
      expect(summary).toMatch(/^.{20,120}$/);
      expect(advice.join(' ')).toMatch(
        /zoom-tokens \w+|aws lambda (invoke|put)|\blog \/aws\/lambda\/|queue |quota /,
      );
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
      expect(AlarmDescription.length).toBeLessThan(1024);
    },
  );

  test('has --name in its commands when the installation is not the default one', () => {
    const other = synthesized({ monitoring: 'full', name: 'staging' });
    const described = Object.values(other.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }): string => Properties.AlarmDescription,
    );
    const commands = described.flatMap((text) => text.match(/zoom-tokens \w+[^.]*/g) ?? []);
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) expect(command).toContain('--name staging');
    expect(described.join()).not.toContain('zoom-token-refresher');
  });

  test('notifies the topic when it starts and when it ends', () => {
    const topic = [{ Ref: expect.stringContaining('AlarmsTopic') }];
    for (const alarm of alarms) expect(alarm).toMatchObject({ AlarmActions: topic, OKActions: topic });
  });

  test('links to another copy of the runbook when runbookUrl is set', () => {
    const other = synthesized({ runbookUrl: 'https://wiki.example.com/zoom' });
    other.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('https://wiki.example.com/zoom#[a-z-]+$'),
    });
  });
});

describe('the rules of the alarms', () => {
  const alarm = (section: string) =>
    alarms.find(({ AlarmName }) => AlarmName === `zoom-token-refresher-${section}`);
  const own = {
    Namespace: METRICS_NAMESPACE,
    Dimensions: [{ Name: 'service', Value: 'zoom-token-refresher' }],
  };

  test('no-sweep: ten minutes without a value, which notifies as missing data, and not before the first sweep', () => {
    expect(alarm('no-sweep')).toMatchObject({
      ...own,
      MetricName: 'SweepSeconds',
      Statistic: 'SampleCount',
      Period: 60,
      EvaluationPeriods: 10,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'missing',
      InsufficientDataActions: [{ Ref: expect.stringContaining('AlarmsTopic') }],
    });
  });

  test('a new alarm without data notifies no one: none takes missing data for a breach', () => {
    for (const { AlarmName, TreatMissingData, InsufficientDataActions } of alarms) {
      const isNoSweep = AlarmName.endsWith('-no-sweep');
      expect([AlarmName, TreatMissingData]).toEqual([AlarmName, isNoSweep ? 'missing' : 'notBreaching']);
      expect(InsufficientDataActions !== undefined).toBe(isNoSweep);
    }
  });

  test('dead-letters ends by itself, because it counts what arrives in five minutes', () => {
    expect(alarm('dead-letters')).toMatchObject({
      MetricName: 'NumberOfMessagesSent',
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('validity-low: a published token with less than ten minutes left, for three minutes', () => {
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
  ])('%s: one or more %s', (section, MetricName, Statistic, EvaluationPeriods) => {
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
    ['events-dropped', 'AWS/Lambda', 'AsyncEventsDropped', 'Sum'],
    ['dead-letters', 'AWS/SQS', 'NumberOfMessagesSent', 'Sum'],
    ...['callback', 'rotate', 'operator'].flatMap((task) => [
      [`function-errors-${task}`, 'AWS/Lambda', 'Errors', 'Sum'] as const,
      [`function-throttles-${task}`, 'AWS/Lambda', 'Throttles', 'Sum'] as const,
    ]),
  ])('%s: one or more of what %s counts as %s', (section, Namespace, MetricName, Statistic) => {
    expect(alarm(section)).toMatchObject({ Namespace, MetricName, Statistic, Threshold: 1 });
  });

  test('request-flood: a thousand requests to the HTTP API in five minutes, which the throttles can admit', () => {
    expect(alarm('request-flood')).toMatchObject({
      Namespace: 'AWS/ApiGateway',
      MetricName: 'Count',
      Statistic: 'Sum',
      Period: 300,
      Threshold: 1000,
    });
  });

  test('push-failing: two failures in 30 minutes, because a push that needs an operator is retried every 15 minutes', () => {
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

  test('there are 16 alarms and no others', () => {
    expect(alarms).toHaveLength(16);
  });

  test('the thresholds come from the settings', () => {
    const chosen = synthesized({
      monitoring: 'full',
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

  test('validity-low alarms on a single value when a sweep runs every five minutes and records only one', () => {
    const slow = synthesized({ sweepRateMinutes: 5 });
    slow.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'MinutesOfValidity',
      EvaluationPeriods: 5,
      DatapointsToAlarm: 1,
    });
  });
});

test.each([
  ['warns without alarmEmail', {}, 1],
  ['does not warn with alarmEmail', { alarmEmail: 'operator@example.com' }, 0],
])('the synthesis %s that no one is notified', (_, context, warnings) => {
  const found = Annotations.fromStack(stackWith(context)).findWarning(
    '*',
    Match.stringLikeRegexp('No one is notified of problems'),
  );
  expect(found).toHaveLength(warnings);
});

test('alarmEmail is subscribed after every alarm, so that no new alarm notifies it of being OK', () => {
  const [subscription] = Object.values(template.findResources('AWS::SNS::Subscription'));
  expect(subscription?.DependsOn.toSorted()).toEqual(
    Object.keys(template.findResources('AWS::CloudWatch::Alarm')).toSorted(),
  );
});

test('the topic accepts messages over TLS alone, and sends them to alarmEmail', () => {
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

test("the topic's policy allows CloudWatch to publish the alarms of this account", () => {
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
