import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { bundledCode } from './bundling/bundled-code.ts';
import { NAMESPACE } from './metrics.ts';
import type { Settings } from './settings/settings.ts';

/** API Gateway gives up after 30 s; a page that says what went wrong must come before. */
export const CALLBACK_TIMEOUT = Duration.seconds(25);

/** The operator waits at a terminal: a request to Zoom (10 s), the commit's repetitions and the publication. */
export const OPERATOR_TIMEOUT = Duration.seconds(60);

/**
 * A sweep stops taking connections 20 s before this, and commits until then what Zoom has answered. The lease of a
 * connection (`LEASE_SECONDS`) outlives it by more than two clocks can differ.
 */
export const ROTATE_TIMEOUT = Duration.seconds(60);

interface ServiceFunctionProps {
  readonly settings: Settings;
  /** Which of `lambdas/*.ts`; the function's name is `<name>-<task>`. */
  readonly task: 'callback' | 'rotate' | 'operator';
  readonly description: string;
  readonly timeout: Duration;
}

/** A function of this service, with a role that may write its log and nothing else. */
export class ServiceFunction extends LambdaFunction {
  readonly ownRole: Role;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    const { settings, task, description, timeout } = props;
    const functionName = `${settings.name}-${task}`;
    const logGroup = new LogGroup(scope, `${id}Log`, {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of our own, because the one that AWS manages may write to every log of the account.
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    super(scope, id, {
      functionName,
      description,
      code: bundledCode(task),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout,
      role,
      logGroup,
      // A repetition by Lambda comes later than the next sweep and knows less, and so does a start that had to wait.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
      environment: {
        ZOOM_OAUTH_URL: settings.zoomOauthUrl,
        ZOOM_API_URL: settings.zoomApiUrl,
        MARGIN_SECONDS: String(settings.marginSeconds),
        EARLY_MARGIN_SECONDS: String(settings.earlyMarginSeconds),
        INSTALLATION_NAME: settings.name,
        POWERTOOLS_SERVICE_NAME: settings.name,
        POWERTOOLS_METRICS_NAMESPACE: NAMESPACE,
      },
    });
    this.ownRole = role;
  }

  /** Lets the function do this and no more. */
  allow(actions: string[], resources: string[]): void {
    this.addStatements([new PolicyStatement({ actions, resources })]);
  }

  addStatements(statements: PolicyStatement[]): void {
    for (const statement of statements) this.addToRolePolicy(statement);
  }
}
