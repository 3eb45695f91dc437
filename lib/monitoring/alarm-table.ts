import { Duration } from 'aws-cdk-lib';
import {
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { type Monitoring, nameOption } from '../../lambdas/contract.ts';
import { functionMetric } from '../metrics.ts';
import type { Settings } from '../settings/settings.ts';
import { functionsByTask, type WatchedFunctions } from './watched-functions.ts';

/** One alarm. Its texts are a mail to a person who has nothing else, so both are plain text and short. */
export interface AlarmRow {
  /** Heading of its section in `docs/runbook.md`, as an anchor. */
  readonly section: string;
  /** Distinguishes the alarms of one section: the function's task. */
  readonly suffix?: string;
  /** The least `monitoring` that has it. */
  readonly level: Monitoring;
  /** The event, in one sentence. */
  readonly summary: string;
  /** Its meaning for n8n and the first thing to do, in about 400 characters. */
  readonly advice: string;
  readonly rule: Omit<AlarmProps, 'alarmName' | 'alarmDescription'>;
}

/** Far above what consents and Zoom's events cause, and below half of what the throttles admit. */
const FLOOD_REQUESTS = 1000;

const FIVE_MINUTES = { period: Duration.minutes(5) };

/** Returns every alarm of the installation, in the order of the runbook. */
export function alarmTable(settings: Settings, watched: WatchedFunctions): AlarmRow[] {
  const { name, alarmNoSweepMinutes, alarmValidityMinutes, sweepRateMinutes } = settings;
  const { callbackApi, rotation } = watched;
  const command = (text: string) => `npx zoom-tokens ${text}${nameOption(name)}`;
  const log = (task: string) => `/aws/lambda/${name}-${task}`;

  return [
    {
      section: 'no-sweep',
      level: 'essential',
      summary: `No sweep has finished for ${alarmNoSweepMinutes} minutes.`,
      advice: `No token is rotated, and n8n's tokens expire within the hour. Start a sweep by hand: aws lambda invoke --function-name ${name}-rotate /dev/stdout. If that works, enable the EventBridge schedule ${name}-rotate again. If it fails, read the log ${log('rotate')}.`,
      rule: {
        metric: functionMetric(settings, 'SweepSeconds', 'SampleCount'),
        threshold: 1,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        evaluationPeriods: alarmNoSweepMinutes,
        // Sweeps that do not run record nothing. A new alarm is in the state INSUFFICIENT_DATA, and leaves it with the first
        // sweep. It comes back when sweeps stop, which notifies. Missing data as breaching would notify after each first
        // deployment, before the first sweep.
        treatMissingData: TreatMissingData.MISSING,
      },
    },
    {
      section: 'validity-low',
      level: 'essential',
      summary: `A token that n8n reads expires in less than ${alarmValidityMinutes} minutes.`,
      advice: `When it expires, n8n's Zoom nodes fail with status 401. See which connection it is and why: ${command('status')}. Retry now: ${command('rotate <connection>')}. During an outage of Zoom (status.zoom.us) wait: the sweep keeps retrying.`,
      rule: {
        metric: functionMetric(settings, 'MinutesOfValidity', 'Minimum'),
        threshold: alarmValidityMinutes,
        comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
        // Three minutes, because a single failed attempt just before a rotation is normal.
        evaluationPeriods: Math.max(3, sweepRateMinutes),
        // A slower sweep records one value in each evaluation.
        datapointsToAlarm: sweepRateMinutes === 1 ? 3 : 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      },
    },
    {
      section: 'reconnect-needed',
      level: 'full',
      summary: 'Zoom rejects a refresh token: a connection needs a new consent.',
      advice: `See which connection it is: ${command('status')}. Make a link: ${command('connect <connection>')}. The owner of the Zoom account opens the link and consents. n8n keeps its last token until that expires, and needs no change.`,
      rule: atLeast(1, functionMetric(settings, 'ReconnectNeeded', 'Maximum', FIVE_MINUTES)),
    },
    {
      section: 'misconfigured',
      level: 'essential',
      summary: "Zoom rejects an app's credentials, or a function cannot use a secret.",
      advice: `No consent is lost: the sweep retries every 15 minutes. See which secret it is and why: ${command('status')}. Copy the credentials from Zoom's App Marketplace into the app's secret, ${name}/app/default for the default app. If a policy was changed, deploy again.`,
      rule: atLeast(1, functionMetric(settings, 'Misconfigured', 'Maximum', FIVE_MINUTES)),
    },
    {
      section: 'publish-failing',
      level: 'essential',
      summary: 'Secrets Manager rejects new tokens, so n8n reads old ones.',
      advice: `The sweep keeps retrying, without new requests to Zoom. The log ${log('rotate')} has the error. publish_denied: deploy again if a policy was changed; otherwise the secret belongs to another installation. ThrottlingException: another program writes too many secrets.`,
      rule: atLeast(
        settings.alarmPublishFailures,
        functionMetric(settings, 'PublishFailed', 'Sum', FIVE_MINUTES),
        2,
      ),
    },
    ...(settings.n8nUrls.length > 0
      ? ([
          {
            section: 'push-failing',
            level: 'essential',
            summary: 'An n8n instance does not accept the new tokens that are pushed to it.',
            advice: `The new tokens are stored and published, but this n8n uses the earlier one until it expires. The sweep keeps retrying. See which n8n it is and why: ${command('status')}. If n8n rejects its API key, or its credential was deleted, link it again: ${command('n8n link <connection>')}. The log ${log('rotate')} has each attempt.`,
            rule: {
              // Twice in 30 minutes, because a push that needs an operator is retried every 15 minutes.
              ...atLeast(1, functionMetric(settings, 'PushFailed', 'Sum', FIVE_MINUTES), 6),
              datapointsToAlarm: 2,
            },
          },
        ] satisfies AlarmRow[])
      : []),
    {
      section: 'callback-errors',
      level: 'full',
      summary: 'The pages of a consent fail with server errors.',
      advice: `Existing connections are not affected. The log ${log('callback')} has the class and the code of each error. Afterwards make a new link for each interrupted consent: ${command('connect <connection>')}.`,
      rule: atLeast(
        settings.alarmCallbackErrors,
        callbackApi.api.metricServerError({ ...FIVE_MINUTES, statistic: 'Sum' }),
      ),
    },
    {
      section: 'dead-letters',
      level: 'essential',
      summary: 'EventBridge Scheduler could not start a sweep.',
      advice: `Later sweeps do the work of the missed one. Each message in the installation's dead-letter queue has the reason, in its attributes ERROR_CODE and ERROR_MESSAGE. If a role or the function was changed, deploy again. The alarm ends by itself when no more arrive.`,
      // What arrives, not what the queue holds: its messages stay for diagnosis.
      rule: atLeast(1, rotation.deadLetters.metricNumberOfMessagesSent(FIVE_MINUTES)),
    },
    {
      section: 'request-flood',
      level: 'full',
      summary: `The HTTP API got ${FLOOD_REQUESTS} requests or more in five minutes.`,
      advice: `A consent takes about four. Sweeps go on, and each forged request is refused. The log /aws/vendedlogs/${name}-api has the route and the address of each request. To stop it from costing anything but the requests: aws lambda put-function-concurrency --function-name ${name}-callback --reserved-concurrent-executions 0`,
      rule: atLeast(FLOOD_REQUESTS, callbackApi.api.metricCount({ ...FIVE_MINUTES, statistic: 'Sum' })),
    },
    {
      section: 'events-dropped',
      level: 'full',
      summary: `Lambda dropped an event for the function ${name}-rotate before it could start.`,
      advice: `The next sweep does its work. It happens when the account has no free concurrency for a minute: raise the quota "Concurrent executions" of Lambda in Service Quotas, or set "reservedConcurrency". The log ${log('rotate')} shows which sweeps ran.`,
      rule: atLeast(1, rotation.function.metric('AsyncEventsDropped', { ...FIVE_MINUTES, statistic: 'Sum' })),
    },
    ...Object.entries(functionsByTask(watched)).flatMap(([task, fn]): AlarmRow[] => [
      {
        section: 'function-errors',
        level: task === 'rotate' ? 'essential' : 'full',
        suffix: task,
        summary: `The function ${name}-${task} failed, or exceeded its timeout.`,
        advice: `The next invocation continues from the stored state. The log ${log(task)} has the error. If the errors began with a deployment, deploy the previous version.`,
        rule: atLeast(1, fn.metricErrors(FIVE_MINUTES)),
      },
      {
        section: 'function-throttles',
        level: 'full',
        suffix: task,
        summary: `Lambda throttled the function ${name}-${task}: the account has no free concurrency.`,
        advice:
          'Raise the quota "Concurrent executions" of Lambda in Service Quotas, which is free, or limit the function that uses the concurrency up.',
        rule: atLeast(1, fn.metricThrottles(FIVE_MINUTES)),
      },
    ]),
  ];
}

/** Returns a rule that alarms when the value reaches `threshold` in each of the periods. Missing values are fine. */
function atLeast(threshold: number, metric: IMetric, evaluationPeriods = 1): AlarmRow['rule'] {
  return {
    metric,
    threshold,
    evaluationPeriods,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
}
