import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Schedule, ScheduleExpression, ScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Construct } from 'constructs';
import type { CallbackApi } from './callback-api.ts';
import type { CapabilityProps } from './capability.ts';
import { ROTATE_TIMEOUT, ServiceFunction } from './service-function.ts';

/** The sweep: every minute, each connection that is due gets its next step. */
export class Rotation extends Construct {
  readonly function: ServiceFunction;

  constructor(scope: Construct, id: string, props: CapabilityProps & { readonly callbackApi: CallbackApi }) {
    super(scope, id);
    const { settings, connections, credentials, n8nAccess, callbackApi } = props;
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
    callbackApi.tellUrl(this.function);

    new Schedule(this, 'Schedule', {
      scheduleName: `${settings.name}-rotate`,
      description: 'Starts a sweep.',
      schedule: ScheduleExpression.rate(Duration.minutes(1)),
      // A group of our own, so that the schedule's role trusts this one alone.
      scheduleGroup: new ScheduleGroup(this, 'Group', {
        scheduleGroupName: settings.name,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      // A sweep that did not start is made up for by the next one.
      target: new LambdaInvoke(this.function, { retryAttempts: 0, maxEventAge: Duration.minutes(1) }),
    });
  }
}
