import { ArnFormat, Stack } from 'aws-cdk-lib';
import { LogGroup, LogStream } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { AUDIT_LOG_STREAM, VARIABLES } from '../../lambdas/contract.ts';
import type { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import { removal } from './removal.ts';

/**
 * The log of what operators commanded, one line for each command, and nothing else. The operator function may add to its one
 * stream. It can neither read nor delete it, nor make another. It outlives the stack, so CloudFormation generates its name.
 */
export class AuditLog extends Construct {
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, { settings }: { readonly settings: Settings }) {
    super(scope, id);
    this.logGroupName = settings.existing.auditLogGroup ?? this.createLogGroup(settings).logGroupName;
  }

  private createLogGroup(settings: Settings): LogGroup {
    const logGroup = new LogGroup(this, 'Group', {
      retention: settings.auditRetentionDays,
      removalPolicy: removal(settings),
    });
    // A deleted stream takes its lines along.
    new LogStream(this, 'Stream', {
      logGroup,
      logStreamName: AUDIT_LOG_STREAM,
      removalPolicy: removal(settings),
    });
    return logGroup;
  }

  /** Allows the function to add lines, and gives it the log's name. */
  grantWrite(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.auditLogGroup, this.logGroupName);
    const stream = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${this.logGroupName}:log-stream:${AUDIT_LOG_STREAM}`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    fn.allow(['logs:PutLogEvents'], [stream]);
  }
}
