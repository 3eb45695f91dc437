import { describe, expect, test } from '@jest/globals';
import { functionNamed, synthesized } from '../synthesized.ts';
import { ACCOUNT, functionPrincipal, keyArn, may, secretOf, user } from './iam.ts';
import {
  defaultApp,
  foreign,
  linkKey,
  NAME,
  n8nKeys,
  principals,
  published,
  READ,
  sealingKey,
  template,
} from './principals.ts';

describe('GetSecretValue', () => {
  test.each<[keyof typeof principals, string[]]>([
    // The function that the internet reaches opens no stored token, and knows no n8n.
    ['callback', ['linkKey', 'defaultApp']],
    ['rotate', ['sealingKey', 'defaultApp', 'n8nKeys']],
    ['operator', ['sealingKey', 'linkKey', 'defaultApp', 'n8nKeys', 'published']],
    ['scheduler', []],
    ['n8n', ['published']],
    ['person', []],
  ])('%s reads these secrets: %j', (who, expected) => {
    const secrets = { sealingKey, linkKey, defaultApp, n8nKeys, published, foreign };
    const read = Object.entries(secrets).filter(([, arn]) => may(template, principals[who], READ, arn));
    expect(read.map(([name]) => name)).toEqual(expected);
  });

  test.each(["n8n with its vendor's sample policy", 'administrator'] as const)(
    '%s reads the published tokens, but neither the keys nor the app credentials nor the API keys of n8n',
    (who) => {
      expect(may(template, principals[who], READ, published)).toBe(true);
      expect(may(template, principals[who], READ, sealingKey)).toBe(false);
      expect(may(template, principals[who], READ, linkKey)).toBe(false);
      expect(may(template, principals[who], READ, defaultApp)).toBe(false);
      expect(may(template, principals[who], READ, n8nKeys)).toBe(false);
    },
  );
});

describe('other actions on secrets', () => {
  test.each<[string, string, Partial<Record<keyof typeof principals, boolean>>]>([
    ['ListSecrets', '*', { callback: false, rotate: false, operator: false, n8n: true, person: false }],
    [
      'BatchGetSecretValue',
      '*',
      { callback: false, rotate: false, operator: false, n8n: true, person: false },
    ],
    [
      'PutSecretValue',
      published,
      { callback: true, rotate: true, operator: true, n8n: false, scheduler: false },
    ],
    [
      'PutSecretValue',
      sealingKey,
      { callback: false, rotate: false, operator: true, n8n: false, person: false, administrator: true },
    ],
    [
      'PutSecretValue',
      linkKey,
      { callback: false, rotate: false, operator: true, n8n: false, person: false, administrator: true },
    ],
    ['UpdateSecretVersionStage', sealingKey, { callback: false, rotate: false, operator: false }],
    [
      'PutSecretValue',
      defaultApp,
      { callback: false, rotate: false, operator: false, n8n: false, person: true, administrator: true },
    ],
    [
      'PutSecretValue',
      n8nKeys,
      { callback: false, rotate: false, operator: true, n8n: false, person: false, administrator: true },
    ],
    ['PutSecretValue', foreign, { callback: false, rotate: false, operator: false, n8n: false }],
    ['CreateSecret', foreign, { callback: false, rotate: false, operator: false, n8n: false }],
    ['DeleteSecret', published, { callback: true, rotate: true, operator: true, n8n: false, person: false }],
    ['DeleteSecret', foreign, { callback: false, rotate: false, operator: false, n8n: false }],
    ['DeleteSecret', defaultApp, { callback: false, rotate: false, operator: false, person: false }],
    ['DeleteSecret', sealingKey, { callback: false, rotate: false, operator: false, n8n: false }],
    ['PutResourcePolicy', sealingKey, { callback: false, rotate: false, operator: false, n8n: false }],
  ])('%s on %s is allowed for: %j', (action, resource, expected) => {
    for (const [who, allowed] of Object.entries(expected)) {
      const principal = principals[who as keyof typeof principals];
      expect([who, may(template, principal, `secretsmanager:${action}`, resource)]).toEqual([who, allowed]);
    }
  });
});

describe('a secret that the settings add', () => {
  const more = synthesized({ apps: 'other', createN8nUser: true });
  const otherApp = secretOf(more, 'CredentialsAppother');
  const sample = principals["n8n with its vendor's sample policy"];

  test("only the functions read another app's credentials", () => {
    expect(may(more, functionPrincipal(more, `${NAME}-rotate`), READ, otherApp)).toBe(true);
    const callback = functionPrincipal(template, `${NAME}-callback`);
    expect(may(template, callback, READ, otherApp)).toBe(false);
    expect(may(more, sample, READ, otherApp)).toBe(false);
    expect(may(more, principals.administrator, READ, otherApp)).toBe(false);
  });

  test("an administrator reads the access key of n8n's user, and n8n's user does not", () => {
    const accessKey = secretOf(more, 'N8nAccessUserSecret');
    const [userId = ''] = Object.keys(more.findResources('AWS::IAM::User'));
    expect(may(more, principals.administrator, READ, accessKey)).toBe(true);
    expect(may(more, user(userId, sample.statements), READ, accessKey)).toBe(false);
    expect(may(more, functionPrincipal(more, `${NAME}-operator`), READ, accessKey)).toBe(false);
  });
});

test("the functions use the customer's KMS key through DynamoDB, Secrets Manager and, in rotate alone, SNS", () => {
  const own = synthesized({ encryption: 'customer' });
  for (const task of ['callback', 'rotate', 'operator']) {
    const use = functionPrincipal(own, `${NAME}-${task}`).statements.filter(
      ({ Resource }) => Resource === keyArn,
    );
    expect(use.flatMap(({ Condition }) => Condition?.StringEquals?.['kms:ViaService']).sort()).toEqual([
      'dynamodb.eu-west-1.amazonaws.com',
      's3.eu-west-1.amazonaws.com',
      'secretsmanager.eu-west-1.amazonaws.com',
      ...(task === 'rotate' ? ['sns.eu-west-1.amazonaws.com'] : []),
    ]);
  }
});

describe('two installations in one account and Region', () => {
  const other = functionPrincipal(synthesized({ name: 'staging' }), 'staging-rotate');
  const publishedBy = (installation: string) => ({ 'zoom-token-refresher:installation': installation });

  test.each(['PutSecretValue', 'TagResource', 'RestoreSecret'])(
    'neither may %s the secret that the other one publishes under the same name',
    (action) => {
      const allows = (who: typeof other, tags: Record<string, string>) =>
        may(template, who, `secretsmanager:${action}`, published, { tags });
      expect(allows(other, publishedBy('staging'))).toBe(true);
      expect(allows(other, publishedBy(NAME))).toBe(false);
      expect(allows(principals.rotate, publishedBy(NAME))).toBe(true);
      expect(allows(principals.rotate, publishedBy('staging'))).toBe(false);
    },
  );

  test('each may create a missing secret, and write one that was created by hand', () => {
    for (const action of ['CreateSecret', 'PutSecretValue']) {
      expect(may(template, other, `secretsmanager:${action}`, published)).toBe(true);
    }
  });
});

describe('whoever deploys the stack', () => {
  const EXECUTION = `arn:aws:iam::${ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-eu-west-1`;
  const ours = `arn:aws:iam::${ACCOUNT}:role/deployer`;
  const administrator = (arn: string) => ({ arn, statements: principals.administrator.statements });

  test('as the execution role of the CDK is spared by the deny, since updates of a secret may read it', () => {
    for (const secret of [sealingKey, linkKey, defaultApp, n8nKeys]) {
      expect(may(template, administrator(EXECUTION), READ, secret)).toBe(true);
    }
  });

  test('as another role is spared when "deployers" lists it', () => {
    const listed = synthesized({ deployers: ours });
    expect(may(template, administrator(ours), READ, sealingKey)).toBe(false);
    expect(may(listed, administrator(ours), READ, sealingKey)).toBe(true);
  });
});

test('installationId is the owner of what is published, also after name has changed', () => {
  const renamed = synthesized({ name: 'zoom', installationId: NAME });
  const tags = { 'zoom-token-refresher:installation': NAME };
  const rotate = functionPrincipal(renamed, 'zoom-rotate');
  expect(may(renamed, rotate, 'secretsmanager:PutSecretValue', published, { tags })).toBe(true);
  expect(functionNamed(renamed, 'zoom-rotate').Environment.Variables.INSTALLATION_ID).toBe(NAME);
});
