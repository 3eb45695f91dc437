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

  describe('is throttled route by route,', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const { DefaultRouteSettings, RouteSettings } = stage?.Properties ?? {};

    test('each route with settings of its own, and any other path with the default ones', () => {
      const routes = Object.values(template.findResources('AWS::ApiGatewayV2::Route'));
      const keys = routes.map(({ Properties }) => Properties.RouteKey);
      expect(['$default', ...Object.keys(RouteSettings)].sort()).toEqual(keys.sort());
    });

    test('with bursts that sum to 8, below the ten concurrent executions of a new account', () => {
      const settings: Record<string, number>[] = [
        DefaultRouteSettings,
        ...Object.values<never>(RouteSettings),
      ];
      const sum = (name: string) => settings.reduce((total, each) => total + (each[name] ?? Number.NaN), 0);
      expect(sum('ThrottlingBurstLimit')).toBe(8);
      expect(sum('ThrottlingRateLimit')).toBe(11);
    });

    test('after the routes exist, because API Gateway refuses settings of a route that it does not know', () => {
      const routes = Object.keys(template.findResources('AWS::ApiGatewayV2::Route'));
      expect(stage?.DependsOn).toEqual(expect.arrayContaining(routes));
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
