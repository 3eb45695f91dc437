import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ROTATE_TIMEOUT, ServiceFunction } from '../service-function.ts';
import type { CallbackApi } from './callback-api.ts';
import type { CapabilityProps } from './function-props.ts';

/** The sweep: every minute, each connection that is due gets its next step. */
export class Rotation extends Construct {
  readonly function: ServiceFunction;
  /** Starts that the scheduler could not deliver. They are evidence, nothing takes them up again. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: CapabilityProps & { readonly callbackApi: CallbackApi }) {
    super(scope, id);
    const { settings, connections, credentials, n8nAccess, rescueBucket, callbackApi } = props;
    this.function = new ServiceFunction(this, 'Function', {
      settings,
      task: 'rotate',
      description: 'Rotates and publishes the Zoom tokens that are due.',
      timeout: ROTATE_TIMEOUT,
    });
    connections.grant(this.function, 'GetItem', 'UpdateItem');
    connections.grantSweep(this.function);
    credentials.grantRead(this.function);
    n8nAccess.grantPublish(this.function);
    rescueBucket.grantTakeUp(this.function);
    callbackApi.tellUrl(this.function);

    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `${settings.name}-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is the dead-letter queue, of a schedule.',
    });
    // A group of our own, so that the schedule's role trusts this one alone.
    const scheduleGroup = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: settings.name,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new Schedule(this, 'Schedule', {
      scheduleName: `${settings.name}-rotate`,
      description: 'Starts a sweep.',
      schedule: ScheduleExpression.rate(Duration.minutes(settings.sweepRateMinutes)),
      scheduleGroup,
      target: new LambdaInvoke(this.function, {
        // A sweep that did not start is made up for by the next one.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: this.deadLetters,
        role: this.startingRole(scheduleGroup.scheduleGroupArn),
      }),
    });
  }

  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
  private startingRole(groupArn: string): IRole {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account, 'aws:SourceArn': groupArn },
        },
      }),
    });
    const allow = (action: string, arn: string) =>
      role.addToPolicy(new PolicyStatement({ actions: [action], resources: [arn] }));
    allow('lambda:InvokeFunction', this.function.functionArn);
    allow('sqs:SendMessage', this.deadLetters.queueArn);
    // The CDK would add every version of the function.
    return role.withoutPolicyUpdates();
  }
}
