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

test('who asks and whom to ask are told to the callback function alone, where they are set', () => {
  const variablesOf = (settings: Record<string, unknown>) =>
    Object.values(synthesized(settings).findResources('AWS::Lambda::Function')).map(
      ({ Properties }) => (Properties.Environment?.Variables ?? {}) as Record<string, string>,
    );
  const named = variablesOf({ displayName: 'Acme', contact: 'it@acme.example' });
  expect(
    named.filter(({ DISPLAY_NAME, CONTACT }) => DISPLAY_NAME === 'Acme' && CONTACT === 'it@acme.example'),
  ).toHaveLength(1);
  expect(named.filter((variables) => 'DISPLAY_NAME' in variables)).toHaveLength(1);
  expect(variablesOf({}).some((variables) => 'DISPLAY_NAME' in variables || 'CONTACT' in variables)).toBe(
    false,
  );
});
