import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { synthesized } from '../synthesized.ts';

const template = synthesized();

describe('the HTTP API', () => {
  test('sends the routes of a consent, of Zoom’s events and of any other path to the callback function in payload format 2.0', () => {
    const routes = Object.values(template.findResources('AWS::ApiGatewayV2::Route'));
    expect(routes.map(({ Properties }) => Properties.RouteKey)).toEqual([
      '$default',
      'GET /connect',
      'POST /connect',
      'GET /callback',
      'POST /zoom/events',
      'POST /zoom/events/{app}',
    ]);
    template.allResourcesProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': [Match.stringLikeRegexp('CallbackApiFunction'), 'Arn'] },
      PayloadFormatVersion: '2.0',
    });
  });

  test('is throttled to 10 requests a second', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    });
  });

  test('logs the route and never a path or query string, which hold link tickets and codes', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const format = Object.values(JSON.parse(stage?.Properties.AccessLogSettings.Format));
    expect(format).toContain('$context.routeKey');
    expect(format.join()).not.toMatch(/path|querystring|protocol|requestOverride/i);
  });
});
