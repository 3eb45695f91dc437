import { describe, expect, test } from '@jest/globals';
import { Match } from 'aws-cdk-lib/assertions';
import { createRuntime } from '../../lambdas/runtime.ts';
import { functionNamed, synthesized } from './synthesized.ts';

const template = synthesized();

type Resources = Record<string, { Type: string; DeletionPolicy?: string }>;

describe('the functions', () => {
  test.each([
    // API Gateway gives up after 30 s.
    { name: 'zoom-token-refresher-callback', timeout: 25 },
    { name: 'zoom-token-refresher-rotate', timeout: 60 },
    { name: 'zoom-token-refresher-operator', timeout: 60 },
  ])('$name runs on Node.js 24, arm64, 512 MB, for $timeout s at most', ({ name, timeout }) => {
    expect(functionNamed(template, name)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 512,
      Timeout: timeout,
      Handler: 'index.handler',
    });
  });

  test('there are no others', () => {
    template.resourceCountIs('AWS::Lambda::Function', 3);
  });

  test.each(['callback', 'rotate', 'operator'])('%s is told all that it needs, and no secret', (task) => {
    const { Variables } = functionNamed(template, `zoom-token-refresher-${task}`).Environment;
    expect(Variables).toEqual({
      TABLE_NAME: { Ref: expect.stringContaining('Table') },
      KEY_SECRET_ID: { Ref: expect.stringContaining('Key') },
      APP_SECRET_PREFIX: 'zoom-token-refresher/app/',
      N8N_SECRET_ID: { Ref: expect.stringContaining('N8n') },
      RESCUE_BUCKET: { Ref: expect.stringContaining('RescueBucket') },
      PUBLIC_URL: { 'Fn::GetAtt': [expect.stringContaining('Api'), 'ApiEndpoint'] },
      ZOOM_OAUTH_URL: 'https://zoom.us',
      ZOOM_API_URL: 'https://api.zoom.us',
      MARGIN_SECONDS: '600',
      EARLY_MARGIN_SECONDS: '1800',
      INSTALLATION_NAME: 'zoom-token-refresher',
      POWERTOOLS_SERVICE_NAME: 'zoom-token-refresher',
      POWERTOOLS_METRICS_NAMESPACE: 'ZoomTokenRefresher',
      ...(task === 'rotate' && { ALERT_TOPIC_ARN: { Ref: expect.stringContaining('AlarmsTopic') } }),
      ...(task === 'operator' && {
        SWEEP_RATE_MINUTES: '1',
        N8N_POLICY_ARN: { Ref: expect.stringContaining('N8nAccessPolicy') },
      }),
    });
    const deployed = {
      ...Variables,
      TABLE_NAME: 'Connections',
      RESCUE_BUCKET: 'rescue',
      KEY_SECRET_ID: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:zoom-token-refresher/key-AbCdEf',
      N8N_SECRET_ID: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:zoom-token-refresher/n8n-AbCdEf',
      PUBLIC_URL: 'https://abc123.execute-api.eu-west-1.amazonaws.com',
      ...(task === 'rotate' && {
        ALERT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:zoom-token-refresher-alarms',
      }),
      N8N_POLICY_ARN: 'arn:aws:iam::111122223333:policy/n8n',
    };
    expect(() => createRuntime(deployed)).not.toThrow();
  });

  test('their logs are kept for 30 days', () => {
    for (const task of ['callback', 'rotate', 'operator']) {
      template.hasResource('AWS::Logs::LogGroup', {
        Properties: { LogGroupName: `/aws/lambda/zoom-token-refresher-${task}`, RetentionInDays: 30 },
        DeletionPolicy: 'Delete',
      });
    }
  });

  test('Lambda never invokes one again by itself, nor after more than a minute', () => {
    template.resourceCountIs('AWS::Lambda::EventInvokeConfig', 3);
    template.allResourcesProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });
});

describe('the schedule', () => {
  test('sweeps every minute, in a group of its own, and never repeats a start', () => {
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

  test('leaves what it could not start in a queue, encrypted, for two weeks', () => {
    template.hasResourceProperties('AWS::SQS::Queue', {
      QueueName: 'zoom-token-refresher-dead-letters',
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
    });
  });

  test('goes with the stack', () => {
    template.hasResource('AWS::Scheduler::ScheduleGroup', { DeletionPolicy: 'Delete' });
  });
});

describe('the connections table', () => {
  const byStatusAnd = (instant: string) => ({
    KeySchema: [
      { AttributeName: 'status', KeyType: 'HASH' },
      { AttributeName: instant, KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' },
  });

  test('has one item a connection, and finds by status who is due and whose token ends first', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'connection', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        { IndexName: 'due', ...byStatusAnd('dueAt') },
        { IndexName: 'validity', ...byStatusAnd('validUntil') },
      ],
      AttributeDefinitions: Match.arrayWith([
        { AttributeName: 'connection', AttributeType: 'S' },
        { AttributeName: 'status', AttributeType: 'S' },
        { AttributeName: 'dueAt', AttributeType: 'N' },
        { AttributeName: 'validUntil', AttributeType: 'N' },
      ]),
    });
  });

  test('is paid by request, recoverable to any second, and forgets used tickets', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    });
  });
});

describe('the rescue bucket', () => {
  test('has no fixed name and no public access, is encrypted, and forgets after 90 days', () => {
    template.resourceCountIs('AWS::S3::Bucket', 1);
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: Match.absent(),
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      LifecycleConfiguration: {
        Rules: [
          {
            Status: 'Enabled',
            ExpirationInDays: 90,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    });
  });

  test('refuses plain HTTP to everyone', () => {
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 's3:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  test("is encrypted with the installation's own key where there is one", () => {
    synthesized({ encryption: 'customer' }).hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: {
              SSEAlgorithm: 'aws:kms',
              KMSMasterKeyID: { 'Fn::GetAtt': [Match.stringLikeRegexp('EncryptionKey'), 'Arn'] },
            },
          },
        ],
      },
    });
  });
});

describe('the secrets', () => {
  test('the key is generated: 64 letters and digits', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'zoom-token-refresher/key',
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
    });
  });

  test('the default app has a value before the operator fills it in', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'zoom-token-refresher/app/default',
      SecretString: '{"client_id":"","client_secret":"","account_id":"","webhook_secret_token":""}',
    });
  });
});

describe('pushing to n8n', () => {
  test('has a secret that knows no n8n yet', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Name: 'zoom-token-refresher/n8n',
      SecretString: '{"instances":{}}',
    });
  });

  test('leaves no trace where it is switched off', () => {
    const without = synthesized({ n8nPush: false });
    expect(JSON.stringify(without.toJSON())).not.toMatch(/\/n8n["-]|N8N_SECRET_ID|push-failing/);
    for (const task of ['callback', 'rotate', 'operator']) {
      const { Variables } = functionNamed(without, `zoom-token-refresher-${task}`).Environment;
      expect(Variables).not.toHaveProperty('N8N_SECRET_ID');
    }
  });
});

describe('when the stack is destroyed', () => {
  const kept = [
    'AWS::DynamoDB::Table',
    'AWS::S3::Bucket',
    'AWS::S3::BucketPolicy',
    'AWS::SecretsManager::Secret',
    'AWS::SecretsManager::ResourcePolicy',
  ];

  test('the table, the rescue bucket and the secrets stay, and stay protected', () => {
    for (const type of kept) {
      template.allResources(type, { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
  });

  test('everything else goes', () => {
    for (const [id, { Type, DeletionPolicy = 'Delete' }] of Object.entries(
      template.toJSON().Resources as Resources,
    )) {
      if (!kept.includes(Type)) expect([id, DeletionPolicy]).toEqual([id, 'Delete']);
    }
  });

  test('they go too where the context says so', () => {
    const trial = synthesized({ removalPolicy: 'destroy' });
    for (const type of kept) trial.allResources(type, { DeletionPolicy: 'Delete' });
  });
});

test('what can be tagged is, but for the dashboard: not every Region takes tags there', () => {
  const tags = [{ Key: 'application', Value: 'zoom-token-refresher' }];
  for (const type of [
    'DynamoDB::Table',
    'S3::Bucket',
    'SecretsManager::Secret',
    'Lambda::Function',
    'SNS::Topic',
    'SQS::Queue',
  ]) {
    template.allResourcesProperties(`AWS::${type}`, { Tags: tags });
  }
  for (const { Properties } of Object.values(template.findResources('AWS::CloudWatch::Dashboard'))) {
    expect(Properties.Tags).toBeUndefined();
  }
});

describe('the API', () => {
  test('has the routes of a consent, two for events of Zoom and one for all else, and hands them to the callback as payload 2.0', () => {
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

  test('is throttled', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
    });
  });

  test('logs neither tickets nor codes: the route, never a path or a query string', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const format = Object.values(JSON.parse(stage?.Properties.AccessLogSettings.Format));
    expect(format).toContain('$context.routeKey');
    expect(format.join()).not.toMatch(/path|querystring|protocol|requestOverride/i);
  });
});

describe('the outputs', () => {
  test('the URL to paste at Zoom', () => {
    template.hasOutput('CallbackUrl', {
      Value: { 'Fn::Join': ['', [{ 'Fn::GetAtt': [Match.anyValue(), 'ApiEndpoint'] }, '/callback']] },
    });
  });

  test('who gets which policy, and where credentials go', () => {
    template.hasOutput('N8nPolicyArn', { Value: { Ref: Match.stringLikeRegexp('N8nAccessPolicy') } });
    template.hasOutput('OperatorPolicyArn', { Value: { Ref: Match.stringLikeRegexp('OperatorPolicy') } });
    template.hasOutput('OperatorFunctionName', {
      Value: { Ref: Match.stringLikeRegexp('OperatorFunction') },
    });
    template.hasOutput('AppSecretName', { Value: 'zoom-token-refresher/app/default' });
    template.hasOutput('AlarmTopicArn', { Value: { Ref: Match.stringLikeRegexp('AlarmsTopic') } });
  });
});
