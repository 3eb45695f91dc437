import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CfnRoute,
  type CfnStage,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ROUTES, VARIABLES } from '../../lambdas/contract.ts';
import { ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { FunctionProps } from './function-props.ts';
import { THROTTLES } from './throttles.ts';

/**
 * The HTTP API and its function. A browser starts a consent at `/connect` and returns from Zoom to `/callback`. Zoom
 * posts the default app's webhook events to `/zoom/events`, and those of another app to `/zoom/events/<app>`.
 */
export class CallbackApi extends Construct {
  readonly function: ServiceFunction;
  /** Origin of the API, no trailing slash. */
  readonly url: string;
  readonly api: HttpApi;
  /** Target of the DNS record for `domainName`; `undefined` without one. */
  readonly domainTarget: string | undefined;

  constructor(scope: Construct, id: string, props: FunctionProps) {
    super(scope, id);
    const { settings, connections, credentials, publishedTokens, rescueBucket } = props;
    this.function = new ServiceFunction(this, 'Function', {
      settings,
      task: 'callback',
      description: 'Turns a consent at Zoom into a connection.',
    });
    this.addPageSettings(settings);
    connections.grant(this.function, 'GetItem', 'UpdateItem');
    // It opens no stored token and reads no API key of n8n: the rotate function does what needs either.
    credentials.grantApps(this.function);
    credentials.grantLinks(this.function);
    publishedTokens.grantPublish(this.function);
    publishedTokens.grantDelete(this.function);
    rescueBucket.grantKeep(this.function);
    rescueBucket.grantSeal(this.function);

    const domain = this.domain(settings);
    const integration = new HttpLambdaIntegration('Callback', this.function);
    this.api = new HttpApi(this, 'Api', {
      apiName: settings.name,
      // For any other path the function returns an HTML page. API Gateway's own 404 is JSON and cannot be changed.
      defaultIntegration: integration,
      createDefaultStage: false,
      // The consent cookie belongs to one host, so a consent must begin and end at the same name.
      disableExecuteApiEndpoint: domain !== undefined,
    });
    // One route for each path, because the access log has the route but not the path.
    this.api.addRoutes({ path: ROUTES.link, methods: [HttpMethod.GET, HttpMethod.POST], integration });
    this.api.addRoutes({ path: ROUTES.callback, methods: [HttpMethod.GET], integration });
    for (const path of [ROUTES.events, ROUTES.appEvents]) {
      this.api.addRoutes({ path, methods: [HttpMethod.POST], integration });
    }
    const stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog(settings)),
        format: FORMAT,
      },
      ...(domain && { domainMapping: { domainName: domain } }),
    });
    this.throttle(stage);
    this.domainTarget = domain?.regionalDomainName;
    this.url = domain ? `https://${settings.domainName}` : this.api.apiEndpoint;
    this.addPublicUrl(this.function);
    Validations.of(this.api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'Browsers need a signed one-time link ticket or the sealed consent cookie; Zoom signs its events.',
    });
  }

  /** Gives the function the API's origin, from which it builds links and the redirect URI. */
  addPublicUrl(fn: ServiceFunction): void {
    fn.addEnvironment(VARIABLES.publicUrl, this.url);
  }

  /** Passes the function the name of whoever asks for access, and the contact for help. */
  private addPageSettings({ displayName, contact }: Settings): void {
    if (displayName !== undefined) this.function.addEnvironment(VARIABLES.displayName, displayName);
    if (contact !== undefined) this.function.addEnvironment(VARIABLES.contact, contact);
  }

  // The CDK knows one throttle for all routes. Settings of a route need the route to exist.
  private throttle(stage: HttpStage): void {
    const { $default, ...routes } = Object.fromEntries(
      Object.entries(THROTTLES).map(([route, { rate, burst }]) => [
        route,
        { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst },
      ]),
    );
    const resource = stage.node.defaultChild as CfnStage;
    resource.addPropertyOverride('DefaultRouteSettings', $default);
    resource.addPropertyOverride('RouteSettings', routes);
    for (const route of this.api.node.findAll()) {
      if (route instanceof CfnRoute) resource.addResourceDependency(route);
    }
  }

  private domain({ domainName, certificateArn }: Settings): DomainName | undefined {
    if (domainName === undefined || certificateArn === undefined) return undefined;
    return new DomainName(this, 'Domain', {
      domainName,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
    });
  }

  private accessLog({ name, logRetentionDays }: Settings): LogGroup {
    return new LogGroup(this, 'AccessLog', {
      // A log under this prefix needs no entry in the account's log resource policy, whose size is limited.
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
      logGroupName: `/aws/vendedlogs/${name}-api`,
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

// The route, never the path or query string: they hold link tickets and authorization codes.
const FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    requestTime: AccessLogField.contextRequestTime(),
    ip: AccessLogField.contextIdentitySourceIp(),
    route: AccessLogField.contextRouteKey(),
    status: AccessLogField.contextStatus(),
    responseLength: AccessLogField.contextResponseLength(),
    integrationLatency: AccessLogField.contextIntegrationLatency(),
    integrationError: AccessLogField.contextIntegrationErrorMessage(),
  }),
);
