import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
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
import { CALLBACK_TIMEOUT, ServiceFunction } from '../service-function.ts';
import type { Settings } from '../settings/settings.ts';
import type { CapabilityProps } from './function-props.ts';

/**
 * Where a person's browser begins a consent, `/connect`, and where Zoom sends it back, `/callback`; where Zoom
 * delivers its events, `POST /zoom/events`, or `/zoom/events/<app>` for another app than the default one.
 */
export class CallbackApi extends Construct {
  readonly function: ServiceFunction;
  /** Origin of the API, without a slash at its end. */
  readonly url: string;
  readonly api: HttpApi;
  /** Where the DNS record of a domain of one's own must point. */
  readonly domainTarget: string | undefined;

  constructor(scope: Construct, id: string, props: CapabilityProps) {
    super(scope, id);
    const { settings, connections, credentials, n8nAccess, rescueBucket } = props;
    this.function = new ServiceFunction(this, 'Function', {
      settings,
      task: 'callback',
      description: 'Turns a consent at Zoom into a connection.',
      timeout: CALLBACK_TIMEOUT,
    });
    connections.grant(this.function, 'GetItem', 'UpdateItem');
    credentials.grantRead(this.function);
    n8nAccess.grantPublish(this.function);
    n8nAccess.grantWithdraw(this.function);
    rescueBucket.grantWrite(this.function);

    const domain = this.domain(settings);
    const integration = new HttpLambdaIntegration('Callback', this.function);
    this.api = new HttpApi(this, 'Api', {
      apiName: settings.name,
      // Any other path gets a page of ours: what API Gateway itself answers there is JSON, and cannot be changed.
      defaultIntegration: integration,
      createDefaultStage: false,
      // A consent begun at one name cannot end at another: cookies know their host.
      disableExecuteApiEndpoint: domain !== undefined,
    });
    // A route each, so that the access log tells them apart.
    this.api.addRoutes({ path: '/connect', methods: [HttpMethod.GET, HttpMethod.POST], integration });
    this.api.addRoutes({ path: '/callback', methods: [HttpMethod.GET], integration });
    for (const path of ['/zoom/events', '/zoom/events/{app}']) {
      this.api.addRoutes({ path, methods: [HttpMethod.POST], integration });
    }
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      autoDeploy: true,
      // A few people now and then; whoever floods it must not take the account's concurrency from the sweep.
      throttle: { rateLimit: 10, burstLimit: 20 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog(settings)),
        format: FORMAT,
      },
      ...(domain && { domainMapping: { domainName: domain } }),
    });
    this.domainTarget = domain?.regionalDomainName;
    this.url = domain ? `https://${settings.domainName}` : this.api.apiEndpoint;
    this.tellUrl(this.function);
    Validations.of(this.api).acknowledge({
      id: 'AwsSolutions-APIG4',
      reason:
        'A one-time signed ticket or a sealed cookie with its state lets browsers in, a signature lets Zoom in.',
    });
  }

  /** Tells the function where the API is reached: of this its links and the redirect URI are made. */
  tellUrl(fn: ServiceFunction): void {
    fn.addEnvironment('PUBLIC_URL', this.url);
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
      // Under this prefix the log needs no entry in the account's log resource policy, whose size is limited.
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
      logGroupName: `/aws/vendedlogs/${name}-api`,
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

// The route, never the path with its query string: that holds tickets and authorization codes.
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
