import { describe, expect, test } from '@jest/globals';
import type { Environment } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import type { Existing } from '../../../lib/settings/existing.ts';
import { toSettings } from '../../../lib/settings/read-settings.ts';
import { ZoomTokenRefresherStack } from '../../../lib/stack.ts';
import { functionPrincipal, may, resolve, tableArn, user } from '../permissions/iam.ts';
import { functionNamed, quickApp, stackWith, synthesized } from '../synthesized.ts';

const secretArn = (name: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`;
const existing = {
  table: 'Connections',
  rescueBucket: 'rescue',
  sealingKeySecretArn: secretArn('SealingKey-1'),
  linkKeySecretArn: secretArn('LinkKey-1'),
  appSecretArns: { default: secretArn('DefaultApp-1'), reports: secretArn('Reports-1') },
  n8nSecretArn: secretArn('N8n-1'),
  kmsKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012',
  auditLogGroup: 'zoom-token-refresher-AuditLog-1',
};
const context = { existing, apps: 'reports', encryption: 'customer' };
const template = synthesized(context);
const READ = 'secretsmanager:GetSecretValue';

describe('a stack that takes over all that an earlier one left', () => {
  test('creates no table, secret, bucket, KMS key or audit log', () => {
    const types = ['DynamoDB::Table', 'SecretsManager::Secret', 'S3::Bucket', 'KMS::Key', 'Logs::LogStream'];
    for (const type of types) {
      template.resourceCountIs(`AWS::${type}`, 0);
    }
  });

  test('gives the functions the names of what exists, and its own output the same block', () => {
    const { Variables } = functionNamed(template, 'zoom-token-refresher-operator').Environment;
    const { PUBLIC_URL: _, ...variables } = Variables;
    expect(resolve(template, variables)).toMatchObject({
      TABLE_NAME: existing.table,
      RESCUE_BUCKET: existing.rescueBucket,
      SEALING_KEY_SECRET_ID: existing.sealingKeySecretArn,
      LINK_KEY_SECRET_ID: existing.linkKeySecretArn,
      N8N_SECRET_ID: existing.n8nSecretArn,
      KMS_KEY_ARN: existing.kmsKeyArn,
      AUDIT_LOG_GROUP: existing.auditLogGroup,
      APP_SECRETS: JSON.stringify(existing.appSecretArns),
    });
    const { Value } = template.findOutputs('Existing').Existing ?? {};
    expect(JSON.parse(resolve(template, Value))).toEqual(existing);
  });

  test('may use the table and read the secrets', () => {
    const rotate = functionPrincipal(template, 'zoom-token-refresher-rotate');
    expect(may(template, rotate, 'dynamodb:UpdateItem', tableArn)).toBe(true);
    for (const arn of [existing.sealingKeySecretArn, ...Object.values(existing.appSecretArns)]) {
      expect(may(template, rotate, READ, arn)).toBe(true);
    }
  });

  test('adds lines to the audit log of the earlier stack', () => {
    const operator = functionPrincipal(template, 'zoom-token-refresher-operator');
    const stream = `arn:aws:logs:eu-west-1:111122223333:log-group:${existing.auditLogGroup}:log-stream:commands`;
    expect(may(template, operator, 'logs:PutLogEvents', stream)).toBe(true);
  });

  test('replaces the resource policies of the secrets, which name the roles of the earlier stack', () => {
    const administrator = user('administrator', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    template.resourceCountIs('AWS::SecretsManager::ResourcePolicy', 5);
    for (const arn of [existing.sealingKeySecretArn, existing.n8nSecretArn]) {
      expect(may(template, administrator, READ, arn)).toBe(false);
    }
  });

  test('accepts the block as text, as cdk -c passes it', () => {
    const given = { ...context, n8nUrls: 'https://n8n.example.com', existing: JSON.stringify(existing) };
    expect(toSettings(given).existing).toEqual(existing);
  });
});

describe('a part that is missing', () => {
  const warnings = (parts: object, other = {}) =>
    Annotations.fromStack(stackWith({ ...context, ...other, existing: parts }))
      .findWarning('*', Match.stringLikeRegexp('"existing" has no'))
      .map(({ entry }) => `${entry.data}`.replace(/ \[ack: .*/s, ''));

  test('is created, and the synthesis says what must be entered again', () => {
    const { n8nSecretArn: _, kmsKeyArn: __, ...some } = existing;
    const { default: app } = existing.appSecretArns;
    expect(warnings({ ...some, appSecretArns: { default: app } })).toEqual([
      '"existing" has no appSecretArns.reports, so a new stack creates its own (a living one keeps what it has). The credentials of the app "reports" must be entered again: npx zoom-tokens setup reports.',
      '"existing" has no n8nSecretArn, so a new stack creates its own (a living one keeps what it has). The API keys of n8n must be entered again: npx zoom-tokens n8n link <connection>.',
      '"existing" has no kmsKeyArn, so a new stack creates its own (a living one keeps what it has). What the earlier key encrypts cannot be read: the functions may use the new key only.',
    ]);
  });

  test.each([
    ['table', /Every connection must be made again/],
    ['sealingKeySecretArn', /No stored token can be opened/],
    ['linkKeySecretArn', /The links that are open end/],
    ['rescueBucket', /A token that DynamoDB could not store/],
    ['auditLogGroup', /What operators commanded before stays in the earlier log group/],
  ])('%s, is named with its consequence', (part, consequence) => {
    const [warning, ...others] = warnings({ ...existing, [part]: undefined });
    expect(warning).toMatch(consequence);
    expect(others).toEqual([]);
  });

  test('is named with a command of its installation', () => {
    const [warning] = warnings({ ...existing, linkKeySecretArn: undefined }, { name: 'zoom' });
    expect(warning).toMatch(/: npx zoom-tokens --name zoom connect --renew-links\.$/);
  });

  test('is no subject in a new installation', () => {
    expect(warnings({})).toEqual([]);
    expect(warnings(existing)).toEqual([]);
  });
});

describe('a block of another account or Region', () => {
  const inStack = (env: Environment, parts: Existing = existing) => {
    const settings = toSettings({ ...context, n8nUrls: 'https://n8n.example.com', existing: parts });
    return new ZoomTokenRefresherStack(quickApp(), 'Stack', { ...settings, env });
  };
  const OWN = { account: '111122223333', region: 'eu-west-1' };

  test.each([
    ['another Region', { ...OWN, region: 'us-east-1' }],
    ['another account', { ...OWN, account: '444455556666' }],
    ['another Region, of whatever account', { region: 'us-east-1' }],
  ])('is refused by the synthesis that knows %s', (_, env) => {
    expect(() => inStack(env)).toThrow(
      /^"existing" must be of the stack's own account and Region, but "sealingKeySecretArn" is of the account 111122223333 in eu-west-1\. Nothing moves/,
    );
  });

  test('is refused for a single part, too', () => {
    const reports = secretArn('Reports-1').replace('eu-west-1', 'us-east-1');
    const parts = { appSecretArns: { reports } };
    expect(() => inStack(OWN, parts)).toThrow(
      '"appSecretArns.reports" is of the account 111122223333 in us-east-1',
    );
  });

  test('is refused by a rule of the template where the synthesis does not know them', () => {
    const [rule, ...others] = Object.values(
      template.toJSON().Rules as Record<string, { Assertions: unknown }>,
    ).filter(({ Assertions }) => JSON.stringify(Assertions).includes('existing'));
    expect(others).toEqual([]);
    expect(rule?.Assertions).toEqual([
      {
        Assert: {
          'Fn::And': [
            { 'Fn::Equals': [{ Ref: 'AWS::AccountId' }, '111122223333'] },
            { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-west-1'] },
          ],
        },
        AssertDescription: expect.stringMatching(/^"existing" must be of the stack's own account and Region/),
      },
    ]);
  });

  test('is no subject where it is of the stack’s own, and in a new installation', () => {
    expect(JSON.stringify(Template.fromStack(inStack(OWN)).toJSON().Rules ?? {})).not.toContain('existing');
    expect(JSON.stringify(synthesized().toJSON().Rules ?? {})).not.toContain('existing');
  });
});

describe('an invalid block', () => {
  test.each([
    ['a part that does not exist', { keySecretArn: secretArn('k') }],
    ['a name in place of an ARN', { sealingKeySecretArn: 'zoom/key' }],
    ['an ARN without its suffix', { n8nSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:k' }],
    ['a list of secrets', { appSecretArns: [secretArn('k')] }],
    ['an ARN in place of the name of a log group', { auditLogGroup: 'arn:aws:logs:eu-west-1:1:log-group:a' }],
    ['no JSON', '{"table":'],
  ])('is rejected: %s', (_, given) => {
    expect(() => toSettings({ ...context, existing: given })).toThrow(/^"existing" must be the object that/);
  });

  test.each([
    ['an app that "apps" does not have', { encryption: 'customer' }, /^"apps" must be a list with "reports"/],
    ['no address of n8n', { ...context, n8nUrls: '' }, /^"n8nUrls" must be a list of the addresses/],
    [
      'no encryption',
      { apps: 'reports', n8nUrls: 'https://n8n.example.com' },
      /^"encryption" must be "customer"/,
    ],
  ])('is rejected with %s', (_, given, message) => {
    expect(() => toSettings({ ...given, existing })).toThrow(message);
  });
});

test('removalPolicy "destroy" warns that nothing brings the connections back', () => {
  const found = (settings: Record<string, unknown>) =>
    Annotations.fromStack(stackWith(settings)).findWarning(
      '*',
      Match.stringLikeRegexp('nothing brings them'),
    );
  expect(found({ removalPolicy: 'destroy' })).toHaveLength(1);
  expect(found({})).toEqual([]);
});

test('removalPolicy "destroy" with deletionProtection warns that cdk destroy fails at the table', () => {
  const found = (settings: Record<string, unknown>) =>
    Annotations.fromStack(stackWith(settings)).findWarning(
      '*',
      Match.stringLikeRegexp('cdk destroy fails at the table'),
    );
  expect(found({ removalPolicy: 'destroy', deletionProtection: true })).toHaveLength(1);
  expect(found({ removalPolicy: 'destroy' })).toEqual([]);
  expect(found({ deletionProtection: true })).toEqual([]);
});

describe.each([
  [
    'certificateArn',
    'arn:aws:acm:us-east-1:111122223333:certificate/a-b',
    { domainName: 'zoom.example.com' },
  ],
  ['kmsKeyArn', 'arn:aws:kms:us-east-1:111122223333:key/a-b', {}],
])('a %s of another Region', (setting, arn, others) => {
  const settings = { ...others, [setting]: arn };
  const inRegion = (region: string) => () =>
    new ZoomTokenRefresherStack(quickApp(), 'Stack', { ...toSettings(settings), env: { region } });

  test('is refused by the synthesis that knows the Region', () => {
    expect(inRegion('eu-west-1')).toThrow(
      `"${setting}" must be in the stack's own Region, but it is in us-east-1.`,
    );
    expect(inRegion('us-east-1')).not.toThrow();
  });

  test('is refused by a rule of the template elsewhere', () => {
    const rules = Object.values(synthesized(settings).toJSON().Rules as Record<string, object>);
    expect(rules).toContainEqual({
      Assertions: [
        {
          Assert: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] },
          AssertDescription: expect.stringMatching(`^"${setting}" must be in the stack's own Region`),
        },
      ],
    });
  });
});
