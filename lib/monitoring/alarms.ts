import { Annotations, Stack } from 'aws-cdk-lib';
import { Alarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { VARIABLES } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { Encryption } from '../storage/encryption.ts';
import { type AlarmRow, alarmTable } from './alarm-table.ts';
import type { WatchedFunctions } from './watched-functions.ts';

interface AlarmsProps extends WatchedFunctions {
  readonly settings: Settings;
  readonly encryption: Encryption;
}

/** The topic, and every alarm of `alarm-table.ts` as one that notifies it. */
export class Alarms extends Construct {
  readonly topic: Topic;
  readonly alarms: Alarm[];
  private readonly settings: Settings;
  private readonly encryption: Encryption;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { settings, encryption } = props;
    this.settings = settings;
    this.encryption = encryption;
    this.topic = new Topic(this, 'Topic', {
      topicName: `${settings.name}-alarms`,
      displayName: 'Zoom tokens',
      enforceSSL: true,
      ...(encryption.topicKey && { masterKey: encryption.topicKey }),
    });
    // A topic without a policy accepts the account's alarms. `enforceSSL` adds a policy, which has to allow them again.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (settings.alarmEmail === undefined) {
      Annotations.of(this).addWarningV2(
        'zoom-token-refresher:no-alarm-email',
        'No one is notified of problems unless someone subscribes to the alarm topic. Set "alarmEmail" in cdk.json, or subscribe to the topic of the output AlarmTopicArn after the deployment and acknowledge this warning.',
      );
    }
    this.alarms = alarmTable(settings, props)
      .filter(({ level }) => level === 'essential' || settings.monitoring === 'full')
      .map((row) => this.alarm(row));
    if (settings.alarmEmail !== undefined) this.subscribe(settings.alarmEmail);
  }

  /** Allows the function to publish to the same topic, and gives it the topic's ARN. */
  grantAlert(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.alertTopicArn, this.topic.topicArn);
    fn.allow(['sns:Publish'], [this.topic.topicArn]);
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    if (this.encryption.topicKey) fn.addStatements(this.encryption.statementsFor('sns'));
  }

  /** Allows the function to read how many subscribers the topic has, and gives it the topic's ARN. */
  grantCheck(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.alertTopicArn, this.topic.topicArn);
    fn.allow(['sns:GetTopicAttributes'], [this.topic.topicArn]);
  }

  /** Subscribes the address after the alarms: each new one changes to OK, which is no news for a person. */
  private subscribe(address: string): void {
    const subscription = this.topic.addSubscription(new EmailSubscription(address));
    subscription.node.addDependency(...this.alarms);
  }

  private alarm({ section, suffix, summary, advice, rule }: AlarmRow): Alarm {
    const { name, runbookUrl } = this.settings;
    const id = suffix === undefined ? section : `${section}-${suffix}`;
    const alarm = new Alarm(this, id, {
      ...rule,
      alarmName: `${name}-${id}`,
      alarmDescription: `${summary} ${advice} More: ${runbookUrl}#${section}`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    if (rule.treatMissingData === TreatMissingData.MISSING) {
      alarm.addInsufficientDataAction(new SnsAction(this.topic));
    }
    return alarm;
  }
}
