import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { VARIABLES } from '../../lambdas/contract.ts';
import { ServiceFunction } from '../service-function.ts';
import type { CallbackApi } from './callback-api.ts';
import type { FunctionProps } from './function-props.ts';

/** A whole core; see docs/adr/0050-a-core-for-the-sweep.md. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html */
const MEMORY_MEGABYTES = 1769;

/** The function that sweeps, and the schedule that starts it every `sweepRateMinutes`. */
export class Rotation extends Construct {
  readonly function: ServiceFunction;
  /** Invocations that the scheduler could not deliver. They are kept for diagnosis and never replayed. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: FunctionProps & { readonly callbackApi: CallbackApi }) {
    super(scope, id);
    const { settings, connections, credentials, publishedTokens, rescueBucket, callbackApi } = props;
    this.function = new ServiceFunction(this, 'Function', {
      settings,
      task: 'rotate',
      description: 'Rotates and publishes the Zoom tokens that are due.',
      memoryMegabytes: MEMORY_MEGABYTES,
      reservedConcurrency: settings.reservedConcurrency,
    });
    // The sweep lists the table after the sealing key was replaced.
    connections.grant(this.function, 'GetItem', 'BatchGetItem', 'UpdateItem', 'Scan');
    connections.grantQueries(this.function, 'due', 'validity');
    credentials.grantApps(this.function);
    credentials.grantOpen(this.function);
    credentials.grantN8nRead(this.function);
    publishedTokens.grantPublish(this.function);
    publishedTokens.grantUnpublish(this.function, { force: false });
    rescueBucket.grantTakeUp(this.function);
    rescueBucket.grantPublishKey(this.function);
    callbackApi.addPublicUrl(this.function);
    // No permission can say how the function is invoked, nor with what: the handler accepts a connection's name alone.
    callbackApi.function.addEnvironment(VARIABLES.rotateFunctionName, this.function.functionName);
    callbackApi.function.allow(['lambda:InvokeFunction'], [this.function.functionArn]);
    this.function.addEnvironment(VARIABLES.monitoring, settings.monitoring);

    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is itself a dead-letter queue, for the schedule.',
    });
    // The schedule's role can trust a group, not a single schedule. In its own group this schedule is alone.
    const scheduleGroup = new ScheduleGroup(this, 'Group', {
      scheduleGroupName: settings.name,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.schedulerRole(scheduleGroup.scheduleGroupArn);
    const schedule = new Schedule(this, 'Schedule', {
      scheduleName: `${settings.name}-rotate`,
      description: 'Starts a sweep.',
      schedule: ScheduleExpression.rate(Duration.minutes(settings.sweepRateMinutes)),
      scheduleGroup,
      target: new LambdaInvoke(this.function, {
        // The next sweep does the work of one that did not start.
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
        deadLetterQueue: this.deadLetters,
        // Otherwise the CDK would also allow every version of the function.
        role: role.withoutPolicyUpdates(),
      }),
    });
    // CloudFormation waits for the role, but not for its policy, without which the first invocations would be dead letters.
    schedule.node.addDependency(role);
  }

  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
  private schedulerRole(groupArn: string): Role {
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
    return role;
  }
}
