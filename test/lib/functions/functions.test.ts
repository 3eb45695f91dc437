import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { createRuntime } from '../../../lambdas/runtime.ts';
import { resolve } from '../permissions/iam.ts';
import { functionNamed, synthesized } from '../synthesized.ts';

const template = synthesized();

describe('the functions', () => {
  test.each([
    // API Gateway stops waiting after 30 s.
    { name: 'zoom-token-refresher-callback', memory: 512, timeout: 25 },
    // A whole core.
    { name: 'zoom-token-refresher-rotate', memory: 1769, timeout: 60 },
    { name: 'zoom-token-refresher-operator', memory: 512, timeout: 60 },
  ])(
    '$name runs Node.js 24 on arm64 with $memory MB and a timeout of $timeout s',
    ({ name, memory, timeout }) => {
      expect(functionNamed(template, name)).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        MemorySize: memory,
        Timeout: timeout,
        Handler: 'index.handler',
      });
    },
  );

  test('the stack has exactly three functions', () => {
    template.resourceCountIs('AWS::Lambda::Function', 3);
  });

  test.each(['callback', 'rotate', 'operator'])(
    'the environment of %s holds all that it needs and no secret',
    (task) => {
      const { Variables } = functionNamed(template, `zoom-token-refresher-${task}`).Environment;
      expect(Variables).toEqual({
        BUNDLE_BYTES: '48000',
        TABLE_NAME: { Ref: expect.stringContaining('Table') },
        ...(task !== 'rotate' && { LINK_KEY_SECRET_ID: { Ref: expect.stringContaining('LinkKey') } }),
        ...(task !== 'callback' && { SEALING_KEY_SECRET_ID: { Ref: expect.stringContaining('SealingKey') } }),
        APP_SECRETS: {
          'Fn::Join': ['', ['{"default":"', { Ref: expect.stringContaining('DefaultApp') }, '"}']],
        },
        ...(task !== 'callback' && {
          N8N_SECRET_ID: { Ref: expect.stringContaining('N8n') },
          N8N_URLS: '["https://n8n.example.com"]',
        }),
        RESCUE_BUCKET: { Ref: expect.stringContaining('RescueBucket') },
        PUBLIC_URL: { 'Fn::GetAtt': [expect.stringContaining('Api'), 'ApiEndpoint'] },
        ZOOM_OAUTH_URL: 'https://zoom.us',
        ZOOM_API_URL: 'https://api.zoom.us',
        MARGIN_SECONDS: '600',
        EARLY_MARGIN_SECONDS: '1800',
        INSTALLATION_NAME: 'zoom-token-refresher',
        INSTALLATION_ID: 'zoom-token-refresher',
        POWERTOOLS_SERVICE_NAME: 'zoom-token-refresher',
        POWERTOOLS_METRICS_NAMESPACE: 'ZoomTokenRefresher',
        ...(task === 'callback' && {
          ROTATE_FUNCTION_NAME: { Ref: expect.stringContaining('Rotation') },
        }),
        ...(task === 'rotate' && { MONITORING: 'essential' }),
        ...(task !== 'callback' && { ALERT_TOPIC_ARN: { Ref: expect.stringContaining('AlarmsTopic') } }),
        ...(task === 'operator' && {
          SWEEP_RATE_MINUTES: '1',
          N8N_POLICY_ARN: { Ref: expect.stringContaining('N8nAccessPolicy') },
          AUDIT_LOG_GROUP: { Ref: expect.stringContaining('AuditLogGroup') },
        }),
      });
      const deployed = {
        ...Variables,
        TABLE_NAME: 'Connections',
        RESCUE_BUCKET: 'rescue',
        ...(task === 'callback' && { ROTATE_FUNCTION_NAME: 'zoom-token-refresher-rotate' }),
        APP_SECRETS: resolve(template, Variables.APP_SECRETS),
        LINK_KEY_SECRET_ID: 'zoom-token-refresher/link-key',
        SEALING_KEY_SECRET_ID: 'zoom-token-refresher/sealing-key',
        N8N_SECRET_ID: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:zoom-token-refresher/n8n-AbCdEf',
        PUBLIC_URL: 'https://abc123.execute-api.eu-west-1.amazonaws.com',
        ...(task !== 'callback' && {
          ALERT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:zoom-token-refresher-alarms',
        }),
        N8N_POLICY_ARN: 'arn:aws:iam::111122223333:policy/n8n',
        ...(task === 'operator' && { AUDIT_LOG_GROUP: 'zoom-token-refresher-AuditLog-1' }),
      };
      expect(() => createRuntime(deployed)).not.toThrow();
    },
  );

  test('the functions’ logs are kept for 30 days', () => {
    for (const task of ['callback', 'rotate', 'operator']) {
      template.hasResource('AWS::Logs::LogGroup', {
        Properties: { LogGroupName: `/aws/lambda/zoom-token-refresher-${task}`, RetentionInDays: 30 },
        DeletionPolicy: 'Delete',
      });
    }
  });

  test('Lambda never retries an invocation, and drops one that has waited for a minute', () => {
    template.resourceCountIs('AWS::Lambda::EventInvokeConfig', 3);
    template.allResourcesProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });
});

describe('the schedule of the sweep', () => {
  test('starts a sweep every minute, in its own group, without retries', () => {
    template.hasResourceProperties('AWS::Scheduler::ScheduleGroup', { Name: 'zoom-token-refresher' });
    template.resourceCountIs('AWS::Scheduler::Schedule', 1);
    template.hasResourceProperties('AWS::Scheduler::Schedule', {
      GroupName: 'zoom-token-refresher',
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: {
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('RotationFunction'), 'Arn'] },
        RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('DeadLetters'), 'Arn'] } },
      },
    });
  });

  test('waits for the policy of its role, without which the first invocations would be dead letters', () => {
    const [schedule] = Object.values(template.findResources('AWS::Scheduler::Schedule'));
    const [roleId] = schedule?.Properties.Target.RoleArn['Fn::GetAtt'] ?? [];
    const policies = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([, { Properties }]) =>
      Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === roleId),
    );
    expect(policies).toHaveLength(1);
    expect(schedule?.DependsOn).toEqual(expect.arrayContaining(policies.map(([id]) => id)));
  });

  test('keeps undelivered invocations in an encrypted queue for two weeks', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
    });
  });

  test('is deleted with the stack', () => {
    template.hasResource('AWS::Scheduler::ScheduleGroup', { DeletionPolicy: 'Delete' });
  });
});
