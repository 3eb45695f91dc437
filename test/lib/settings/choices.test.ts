import { describe, expect, test } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ZoomTokenRefresher } from '../../../lib/zoom-token-refresher.ts';
import { resolve } from '../permissions/iam.ts';
import { everything, functionNamed, quickApp, synthesized } from '../synthesized.ts';

// How the settings change the template.

const template = synthesized(everything);

test('name is the prefix of the functions and the alarms, and no part of a secret', () => {
  const other = synthesized({ name: 'staging' });
  expect(functionNamed(other, 'staging-operator').Environment.Variables.INSTALLATION_NAME).toBe('staging');
  other.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmName: 'staging-no-sweep' });
  other.allResourcesProperties('AWS::SecretsManager::Secret', { Name: Match.absent() });
});

test("the origins of Zoom, the sweep's rate and the margins reach the functions and the schedule", () => {
  const gov = synthesized({
    zoomOauthUrl: 'https://zoomgov.com',
    zoomApiUrl: 'https://api.zoomgov.com',
    sweepRateMinutes: '2',
    marginSeconds: '300',
    earlyMarginSeconds: '2400',
  });
  expect(functionNamed(gov, 'zoom-token-refresher-rotate').Environment.Variables).toMatchObject({
    ZOOM_OAUTH_URL: 'https://zoomgov.com',
    ZOOM_API_URL: 'https://api.zoomgov.com',
    MARGIN_SECONDS: '300',
    EARLY_MARGIN_SECONDS: '2400',
  });
  gov.hasResourceProperties('AWS::Scheduler::Schedule', { ScheduleExpression: 'rate(2 minutes)' });
});

test('reservedConcurrency is that of the rotate function alone; without it no function has any', () => {
  const reserved = synthesized({ reservedConcurrency: '2' });
  expect(functionNamed(reserved, 'zoom-token-refresher-rotate').ReservedConcurrentExecutions).toBe(2);
  for (const task of ['callback', 'operator']) {
    expect(functionNamed(reserved, `zoom-token-refresher-${task}`)).not.toHaveProperty(
      'ReservedConcurrentExecutions',
    );
  }
  expect(JSON.stringify(synthesized())).not.toContain('ReservedConcurrentExecutions');
});

test('architecture is that of every function, and changes nothing else of it', () => {
  for (const task of ['callback', 'rotate', 'operator']) {
    const name = `zoom-token-refresher-${task}`;
    const x86 = functionNamed(synthesized({ architecture: 'x86_64' }), name);
    expect(x86).toEqual({ ...functionNamed(synthesized(), name), Architectures: ['x86_64'] });
  }
});

test('each app of apps has a secret with a resource policy, as the default app has', () => {
  const arns = functionNamed(template, 'zoom-token-refresher-rotate').Environment.Variables.APP_SECRETS;
  expect(Object.keys(JSON.parse(resolve(template, arns)))).toEqual(['default', 'reports', 'support']);
  // The two keys, three apps, the API keys of n8n, and its user.
  template.resourceCountIs('AWS::SecretsManager::ResourcePolicy', 7);
});

test('eleven apps with the longest names leave the environment of a function below 4 KB', () => {
  const apps = Array.from({ length: 11 }, (_, n) => `${'a'.repeat(38)}${n + 10}`);
  const given = synthesized({ ...everything, apps: apps.join(',') });
  const { Resources } = given.toJSON();
  const { Variables } = functionNamed(given, 'zoom-token-refresher-operator').Environment;
  // CloudFormation appends 13 characters to a generated name, and Secrets Manager 7.
  const arn = (id: string) =>
    `arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:${id}${'x'.repeat(20)}`;
  // Other names begin with that of the stack, which may have 40 characters.
  const name = (id: string) => `${'x'.repeat(40)}-${id}${'x'.repeat(13)}`;
  const longest: Record<string, (id: string) => string> = {
    'AWS::DynamoDB::Table': name,
    'AWS::Logs::LogGroup': name,
    'AWS::S3::Bucket': (id) => name(id).slice(0, 63),
  };
  const text = JSON.stringify(Variables).replace(/\{"Ref":"(\w+)"\}/g, (_, id) =>
    (longest[Resources[id]?.Type] ?? arn)(id),
  );
  expect(text.length).toBeLessThan(4096);
});

describe('n8n', () => {
  test('n8nPrincipals and the user of createN8nUser get the read policy', () => {
    template.hasResourceProperties('AWS::IAM::ManagedPolicy', {
      Description: Match.stringLikeRegexp('Lets n8n read'),
      Roles: ['n8n'],
      Users: ['n8n'],
    });
    template.hasResourceProperties('AWS::IAM::User', {
      ManagedPolicyArns: [{ Ref: Match.stringLikeRegexp('N8nAccessPolicy') }],
    });
  });

  test('n8nPrincipals of another account are refused by the synthesis where it knows the account', () => {
    const stack = new Stack(quickApp(), 'Theirs', { env: { account: '111122223333', region: 'eu-west-1' } });
    const ours = 'arn:aws:iam::111122223333:role/n8n';
    const theirs = 'arn:aws:iam::444455556666:role/n8n';
    expect(() => new ZoomTokenRefresher(stack, 'Zoom', { n8nPrincipals: [ours, theirs] })).toThrow(
      /^"n8nPrincipals" must be users and roles of the stack's account, 111122223333, but it has arn:aws:iam::444455556666:role\/n8n\. .*"n8nAccountIds"/,
    );
    const other = new Stack(quickApp(), 'Other', { env: { account: '111122223333', region: 'eu-west-1' } });
    new ZoomTokenRefresher(other, 'Zoom', { n8nPrincipals: [ours], alarmEmail: 'us@example.com' });
    expect(Object.keys(Template.fromStack(other).toJSON().Rules ?? {})).toEqual([
      expect.stringContaining('BootstrapVersion'),
    ]);
  });

  test('n8nPrincipals of another account are refused by a rule of the template where the synthesis does not know the account', () => {
    const { Rules } = template.toJSON();
    const [rule] = Object.entries(Rules).filter(([id]) => id.includes('PrincipalsOfThisAccount'));
    expect(rule?.[1]).toEqual({
      Assertions: [
        {
          Assert: { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '111122223333'] },
          AssertDescription: expect.stringMatching(/account 111122223333\. .*"n8nAccountIds"/),
        },
      ],
    });
    expect(JSON.stringify(synthesized().toJSON().Rules)).not.toContain('PrincipalsOfThisAccount');
  });

  test("n8nAccountIds may assume a role, whose only policy is n8n's own and whose ARN is an output", () => {
    const assumed = Object.entries(template.findResources('AWS::IAM::Role')).filter(([id]) =>
      id.includes('N8nAccessRole'),
    );
    expect(assumed).toHaveLength(1);
    const [[id, { Properties }] = ['', {}]] = assumed;
    const root = (account: string) => `arn:aws:iam::${account}:root`;
    expect(resolve(template, Properties.AssumeRolePolicyDocument.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: [root('444455556666'), root('777788889999')] },
      },
    ]);
    expect(Properties.ManagedPolicyArns).toEqual([{ Ref: expect.stringContaining('N8nAccessPolicy') }]);
    expect(Properties).not.toHaveProperty('Policies');
    expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain(id);
    template.hasOutput('N8nRoleArn', { Value: { 'Fn::GetAtt': [id, 'Arn'] } });
  });

  test('without n8nAccountIds no other account may assume a role', () => {
    expect(JSON.stringify(synthesized().findResources('AWS::IAM::Role'))).not.toContain(':iam::');
    expect(synthesized().findOutputs('N8nRoleArn')).toEqual({});
  });

  test("the n8n user's access key is in a secret, and neither in the template nor in an output", () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      SecretString: {
        'Fn::Join': [
          '',
          Match.arrayWith([{ 'Fn::GetAtt': [Match.stringLikeRegexp('AccessKey'), 'SecretAccessKey'] }]),
        ],
      },
    });
    template.hasOutput('N8nUserSecretArn', { Value: { Ref: Match.stringLikeRegexp('N8nAccessUserSecret') } });
    expect(JSON.stringify(template.toJSON().Outputs)).not.toMatch(/AccessKey/);
  });
});

describe('domainName', () => {
  test('is the host of the links and of the redirect URL', () => {
    template.hasOutput('CallbackUrl', { Value: 'https://zoom.example.com/callback' });
    const { Variables } = functionNamed(template, 'zoom-token-refresher-operator').Environment;
    expect(Variables.PUBLIC_URL).toBe('https://zoom.example.com');
  });

  test('is mapped to the API, whose default endpoint is disabled', () => {
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'zoom.example.com',
      DomainNameConfigurations: [{ CertificateArn: everything.certificateArn }],
    });
    template.resourceCountIs('AWS::ApiGatewayV2::ApiMapping', 1);
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true });
    template.hasOutput('DomainTarget', {
      Value: { 'Fn::GetAtt': [Match.stringLikeRegexp('Domain'), 'RegionalDomainName'] },
    });
  });
});

describe('a KMS key', () => {
  test('of the stack encrypts the table, the secrets and the topic, and rotates every year', () => {
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('EncryptionKey'), 'Arn'] };
    template.hasResource('AWS::KMS::Key', {
      Properties: { EnableKeyRotation: true },
      DeletionPolicy: 'RetainExceptOnCreate',
    });
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      SSESpecification: { KMSMasterKeyId: key, SSEEnabled: true, SSEType: 'KMS' },
    });
    template.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: key });
    template.hasResourceProperties('AWS::SNS::Topic', {
      KmsMasterKeyId: { 'Fn::GetAtt': [Match.anyValue(), 'Arn'] },
    });
  });

  test('of kmsKeyArn encrypts the table and the secrets, but not the topic, for which its policy would need CloudWatch', () => {
    const kmsKeyArn = 'arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012';
    const given = synthesized({ kmsKeyArn });
    given.resourceCountIs('AWS::KMS::Key', 0);
    given.hasResourceProperties('AWS::DynamoDB::Table', { SSESpecification: { KMSMasterKeyId: kmsKeyArn } });
    given.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: kmsKeyArn });
    given.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.absent() });
  });
});

test('deletionProtection, logRetentionDays and auditRetentionDays reach the table and the logs', () => {
  template.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
  const days = Object.values(template.findResources('AWS::Logs::LogGroup')).map(({ Properties }) => [
    String(Properties.LogGroupName ?? 'audit')
      .split('-')
      .at(-1),
    Properties.RetentionInDays,
  ]);
  expect(Object.fromEntries(days)).toMatchObject({ callback: 90, rotate: 90, operator: 90, audit: 1827 });
});

test('the construct works in another CDK app’s stack', () => {
  const stack = new Stack(quickApp(), 'Theirs', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  const refresher = new ZoomTokenRefresher(stack, 'Zoom', { name: 'zoom', alarmEmail: 'us@example.com' });
  expect([...refresher.appSecretArns.keys()]).toEqual(['default']);
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 3);
  expect(() => new ZoomTokenRefresher(stack, 'Other', { name: 'Zoom!' })).toThrow(/^"name" must be/);
});
