import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { CallbackApi } from '../functions/callback-api.ts';
import type { Operator } from '../functions/operator.ts';
import type { Rotation } from '../functions/rotation.ts';
import { functionMetric } from '../metrics.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from '../storage/encryption.ts';
import { advice, type Section } from './alarm-advice.ts';

export interface AlarmSources {
  readonly callbackApi: CallbackApi;
  readonly rotation: Rotation;
  readonly operator: Operator;
}

interface AlarmsProps extends AlarmSources {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

type Rule = Omit<AlarmProps, 'alarmName' | 'alarmDescription'>;

/** Rings when the value reaches `threshold`; without a value there is nothing to say. */
const atLeast = (threshold: number, metric: IMetric, evaluationPeriods = 1): Rule => ({
  metric,
  threshold,
  evaluationPeriods,
  comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  treatMissingData: TreatMissingData.NOT_BREACHING,
});

/** Who is told, and of what. Each alarm is a section of `docs/runbook.md`. */
export class Alarms extends Construct {
  readonly topic: Topic;
  readonly alarms: Alarm[] = [];
  private readonly settings: Settings;
  private readonly encryption: Encryption;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { settings, encryption, callbackApi, rotation, operator } = props;
    this.settings = settings;
    this.encryption = encryption;
    this.topic = new Topic(this, 'Topic', {
      topicName: `${settings.name}-alarms`,
      displayName: 'Zoom tokens',
      enforceSSL: true,
      ...(encryption.topicKey && { masterKey: encryption.topicKey }),
    });
    // `enforceSSL` gives the topic a policy, and any policy replaces the one that lets the account's alarms in.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (settings.alarmEmail !== undefined) {
      this.topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    }
    const five = { period: Duration.minutes(5) };

    // Sweeps that stop measure nothing, so it is their absence that rings.
    this.alarm('no-sweep', `No sweep for ${settings.alarmNoSweepMinutes} minutes.`, {
      metric: functionMetric(settings, 'SweepSeconds', 'SampleCount'),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: settings.alarmNoSweepMinutes,
      treatMissingData: TreatMissingData.BREACHING,
    });
    // Three times: between a token's last minutes and its successor may lie one failed attempt.
    this.alarm(
      'validity-low',
      `A token that n8n reads ends in less than ${settings.alarmValidityMinutes} minutes.`,
      {
        metric: functionMetric(settings, 'MinutesOfValidity', 'Minimum'),
        threshold: settings.alarmValidityMinutes,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: Math.max(3, settings.sweepRateMinutes),
        datapointsToAlarm: settings.sweepRateMinutes === 1 ? 3 : 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      },
    );
    this.alarm(
      'reconnect-needed',
      'A connection lost its consent: a person must connect it again.',
      atLeast(1, functionMetric(settings, 'ReconnectNeeded', 'Maximum', five)),
    );
    this.alarm(
      'misconfigured',
      "Zoom refuses an app's credentials, or one of its secrets cannot be used.",
      atLeast(1, functionMetric(settings, 'Misconfigured', 'Maximum', five)),
    );
    this.alarm(
      'publish-failing',
      'Fresh tokens do not reach Secrets Manager, so n8n keeps old ones.',
      atLeast(settings.alarmPublishFailures, functionMetric(settings, 'PublishFailed', 'Sum', five), 2),
    );
    if (settings.n8nPush) {
      // Twice in half an hour: what an operator must fix is tried every quarter of an hour.
      this.alarm('push-failing', 'Fresh tokens do not reach an n8n that they are pushed to.', {
        ...atLeast(1, functionMetric(settings, 'PushFailed', 'Sum', five), 6),
        datapointsToAlarm: 2,
      });
    }
    this.alarm(
      'callback-errors',
      'The pages of a consent answer with server errors.',
      atLeast(settings.alarmCallbackErrors, callbackApi.api.metricServerError({ ...five, statistic: 'Sum' })),
    );
    this.alarm(
      'dead-letters',
      'The scheduler could not start a sweep.',
      atLeast(1, rotation.deadLetters.metricApproximateNumberOfMessagesVisible(five)),
    );
    const functions = {
      callback: callbackApi.function,
      rotate: rotation.function,
      operator: operator.function,
    };
    for (const [task, fn] of Object.entries(functions)) {
      this.alarm(
        'function-errors',
        `The function ${task} ended with an error, or was stopped at its time limit.`,
        atLeast(1, fn.metricErrors(five)),
        task,
      );
      this.alarm(
        'function-throttles',
        `Lambda refused to start the function ${task}: the account has no concurrency left.`,
        atLeast(1, fn.metricThrottles(five)),
        task,
      );
    }
  }

  /** Lets the function tell of single connections on the same topic. */
  grantAlert(fn: ServiceFunction): void {
    fn.addEnvironment('ALERT_TOPIC_ARN', this.topic.topicArn);
    fn.allow(['sns:Publish'], [this.topic.topicArn]);
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    if (this.encryption.topicKey) fn.addStatements(this.encryption.use('sns'));
  }

  private alarm(section: Section, what: string, rule: Rule, which?: string): void {
    const { name, runbookUrl } = this.settings;
    const id = which === undefined ? section : `${section}-${which}`;
    const alarm = new Alarm(this, id, {
      ...rule,
      alarmName: `${name}-${id}`,
      // The mail has this and nothing else of ours.
      alarmDescription: `${what} ${advice(section, name)} More: ${runbookUrl}#${section}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    this.alarms.push(alarm);
  }
}
