import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type CfnFunction, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { METRICS_NAMESPACE, TIMEOUT_SECONDS, VARIABLES } from '../lambdas/contract.ts';
import { bundledCode } from './bundling/bundled-code.ts';
import { environmentProblems } from './functions/environment-size.ts';
import type { Settings } from './settings/settings.ts';

interface ServiceFunctionProps {
  readonly settings: Settings;
  /** File name of the handler, `lambdas/<task>.ts`. The function's name is `<name>-<task>`. */
  readonly task: keyof typeof TIMEOUT_SECONDS;
  readonly description: string;
  /** Memory, which decides the share of a core. 512 MB, 0.29 of a core, by default. */
  readonly memoryMegabytes?: number | undefined;
  /** Concurrent executions that the function has to itself, and never exceeds. */
  readonly reservedConcurrency?: number | undefined;
}

/** A Lambda function of this service, with a role that may write to the function's log and nothing else. */
export class ServiceFunction extends LambdaFunction {
  readonly ownRole: Role;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    const { settings, task, description, reservedConcurrency, memoryMegabytes = 512 } = props;
    const functionName = `${settings.name}-${task}`;
    const logGroup = new LogGroup(scope, `${id}Log`, {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The managed policy AWSLambdaBasicExecutionRole would allow writes to every log of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      functionName,
      description,
      code: bundledCode(task),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: settings.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: memoryMegabytes,
      timeout: Duration.seconds(TIMEOUT_SECONDS[task]),
      role,
      logGroup,
      ...(reservedConcurrency !== undefined && { reservedConcurrentExecutions: reservedConcurrency }),
      // The next sweep starts before a retry by Lambda would, and with newer state.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      environment: {
        [VARIABLES.zoomOauthUrl]: settings.zoomOauthUrl,
        [VARIABLES.zoomApiUrl]: settings.zoomApiUrl,
        [VARIABLES.marginSeconds]: String(settings.marginSeconds),
        [VARIABLES.earlyMarginSeconds]: String(settings.earlyMarginSeconds),
        [VARIABLES.bundleBytes]: String(settings.bundleBytes),
        [VARIABLES.installationName]: settings.name,
        [VARIABLES.installationId]: settings.installationId,
        POWERTOOLS_SERVICE_NAME: settings.name,
        POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
      },
    });
    this.ownRole = role;
    this.node.addValidation({ validate: () => environmentProblems(this.node.defaultChild as CfnFunction) });
  }

  /** Allows the function these actions on these resources, and nothing more. */
  allow(actions: string[], resources: string[]): void {
    this.addStatements([new PolicyStatement({ actions, resources })]);
  }

  addStatements(statements: PolicyStatement[]): void {
    for (const statement of statements) this.addToRolePolicy(statement);
  }
}
