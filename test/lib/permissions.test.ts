import { describe, expect, test } from '@jest/globals';
import {
  ACCOUNT,
  functionArn,
  functionPrincipal,
  logArn,
  may,
  type Principal,
  resolve,
  rolePrincipal,
  type Statement,
  secretArn,
  secretPattern,
  tableArn,
} from './iam.ts';
import { synthesized } from './synthesized.ts';

const NAME = 'zoom-token-refresher';
const template = synthesized();

const key = secretArn(`${NAME}/key`);
const defaultApp = secretArn(`${NAME}/app/default`);
const otherApp = secretArn(`${NAME}/app/other`);
const published = secretArn('n8n_zoom_main');
const foreign = secretArn('somebody/elses');

const READ = 'secretsmanager:GetSecretValue';
const PUBLISH = ['CreateSecret', 'PutSecretValue', 'RestoreSecret', 'TagResource'].map(
  (action) => `secretsmanager:${action}`,
);
const WRITE_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];

const n8nStatements: Statement[] = Object.values(template.findResources('AWS::IAM::ManagedPolicy')).flatMap(
  ({ Properties }) => resolve(template, Properties.PolicyDocument.Statement),
);
const scheduleRole: string = Object.values(template.findResources('AWS::Scheduler::Schedule'))[0]?.Properties
  .Target.RoleArn['Fn::GetAtt'][0];

const user = (name: string, statements: Statement[]): Principal => ({
  arn: `arn:aws:iam::${ACCOUNT}:user/${name}`,
  statements,
});

const principals = {
  callback: functionPrincipal(template, `${NAME}-callback`),
  rotate: functionPrincipal(template, `${NAME}-rotate`),
  operator: functionPrincipal(template, `${NAME}-operator`),
  scheduler: rolePrincipal(template, scheduleRole),
  n8n: user('n8n', n8nStatements),
  // https://docs.n8n.io/external-secrets/
  "n8n with its vendor's sample policy": user('n8n', [
    {
      Effect: 'Allow',
      Action: ['secretsmanager:ListSecrets', 'secretsmanager:BatchGetSecretValue', READ],
      Resource: '*',
    },
  ]),
  administrator: user('administrator', [{ Effect: 'Allow', Action: '*', Resource: '*' }]),
};

/** Each resource with the actions allowed on it, both sorted. */
function allowed({ statements }: Principal): [string, string[]][] {
  const byResource = new Map<string, string[]>();
  for (const { Effect, Action, Resource, Condition } of statements) {
    expect({ Effect, Condition }).toEqual({ Effect: 'Allow', Condition: undefined });
    for (const resource of [Resource].flat()) {
      byResource.set(resource, [...(byResource.get(resource) ?? []), ...[Action].flat()].sort());
    }
  }
  return [...byResource].sort();
}

describe('a function may do this, and nothing else', () => {
  test.each<[keyof typeof principals, [string, string[]][]]>([
    [
      'callback',
      [
        [tableArn, ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        [logArn(`/aws/lambda/${NAME}-callback`), WRITE_LOG],
        [secretPattern('n8n_zoom_'), PUBLISH],
        [secretPattern(`${NAME}/app/`), [READ]],
        [key, [READ]],
      ],
    ],
    [
      'rotate',
      [
        [tableArn, ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        [`${tableArn}/index/due`, ['dynamodb:Query']],
        [`${tableArn}/index/validity`, ['dynamodb:Query']],
        [logArn(`/aws/lambda/${NAME}-rotate`), WRITE_LOG],
        [secretPattern('n8n_zoom_'), PUBLISH],
        [secretPattern(`${NAME}/app/`), [READ]],
        [key, [READ]],
      ],
    ],
    [
      'operator',
      [
        [tableArn, ['dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']],
        [logArn(`/aws/lambda/${NAME}-operator`), WRITE_LOG],
        [secretPattern('n8n_zoom_'), PUBLISH],
        [secretPattern(`${NAME}/app/`), [READ]],
        [key, [READ]],
      ],
    ],
    [
      'scheduler',
      [
        [functionArn(`${NAME}-rotate`), ['lambda:InvokeFunction']],
        [`${functionArn(`${NAME}-rotate`)}:*`, ['lambda:InvokeFunction']],
      ],
    ],
  ])('%s', (who, expected) => {
    expect(allowed(principals[who])).toEqual(expected);
  });
});

describe('who may read which secret', () => {
  test.each<
    [keyof typeof principals, Record<'key' | 'defaultApp' | 'otherApp' | 'published' | 'foreign', boolean>]
  >([
    ['callback', { key: true, defaultApp: true, otherApp: true, published: false, foreign: false }],
    ['rotate', { key: true, defaultApp: true, otherApp: true, published: false, foreign: false }],
    ['operator', { key: true, defaultApp: true, otherApp: true, published: false, foreign: false }],
    ['scheduler', { key: false, defaultApp: false, otherApp: false, published: false, foreign: false }],
    ['n8n', { key: false, defaultApp: false, otherApp: false, published: true, foreign: false }],
  ])('%s: %j', (who, expected) => {
    const reads = (secret: string) => may(template, principals[who], READ, secret);
    expect({
      key: reads(key),
      defaultApp: reads(defaultApp),
      otherApp: reads(otherApp),
      published: reads(published),
      foreign: reads(foreign),
    }).toEqual(expected);
  });

  test.each(["n8n with its vendor's sample policy", 'administrator'] as const)(
    '%s: the published tokens, but neither the key nor the app credentials',
    (who) => {
      expect(may(template, principals[who], READ, published)).toBe(true);
      expect(may(template, principals[who], READ, key)).toBe(false);
      expect(may(template, principals[who], READ, defaultApp)).toBe(false);
    },
  );
});

describe('who may do what to secrets', () => {
  test.each<[string, string, Partial<Record<keyof typeof principals, boolean>>]>([
    ['ListSecrets', '*', { callback: false, rotate: false, operator: false, n8n: true }],
    ['BatchGetSecretValue', '*', { callback: false, rotate: false, operator: false, n8n: true }],
    [
      'PutSecretValue',
      published,
      { callback: true, rotate: true, operator: true, n8n: false, scheduler: false },
    ],
    [
      'PutSecretValue',
      key,
      { callback: false, rotate: false, operator: false, n8n: false, administrator: true },
    ],
    ['PutSecretValue', defaultApp, { callback: false, rotate: false, operator: false, administrator: true }],
    ['PutSecretValue', foreign, { callback: false, rotate: false, operator: false, n8n: false }],
    ['CreateSecret', foreign, { callback: false, rotate: false, operator: false, n8n: false }],
    ['DeleteSecret', published, { callback: false, rotate: false, operator: false, n8n: false }],
    ['DeleteSecret', key, { callback: false, rotate: false, operator: false, n8n: false }],
    ['PutResourcePolicy', key, { callback: false, rotate: false, operator: false, n8n: false }],
  ])('%s on %s: %j', (action, resource, expected) => {
    for (const [who, allowed] of Object.entries(expected)) {
      const principal = principals[who as keyof typeof principals];
      expect([who, may(template, principal, `secretsmanager:${action}`, resource)]).toEqual([who, allowed]);
    }
  });
});

test("only n8n's two list calls are allowed on every resource", () => {
  const statements: Statement[] = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
    Object.values(template.findResources(type)).flatMap(({ Properties }) =>
      resolve(template, Properties.PolicyDocument.Statement),
    ),
  );
  const onEverything = statements.filter(({ Resource }) => [Resource].flat().includes('*'));
  expect(onEverything.flatMap(({ Action }) => Action)).toEqual([
    'secretsmanager:BatchGetSecretValue',
    'secretsmanager:ListSecrets',
  ]);
});

test("the schedule's role is assumed by the scheduler alone, for this account and this schedule group", () => {
  const role = template.toJSON().Resources[scheduleRole].Properties;
  expect(resolve(template, role.AssumeRolePolicyDocument.Statement)).toEqual([
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: 'scheduler.amazonaws.com' },
      Condition: {
        StringEquals: {
          'aws:SourceAccount': ACCOUNT,
          'aws:SourceArn': `arn:aws:scheduler:eu-west-1:${ACCOUNT}:schedule-group/${NAME}`,
        },
      },
    },
  ]);
});

test('API Gateway may invoke the callback on its two paths, and nobody else may invoke a function', () => {
  const permissions = Object.values(template.findResources('AWS::Lambda::Permission')).map(
    ({ Properties }) => ({
      principal: Properties.Principal,
      fn: resolve(template, Properties.FunctionName),
      path: Properties.SourceArn['Fn::Join'][1].at(-1),
    }),
  );
  const fn = functionArn(`${NAME}-callback`);
  expect(permissions).toEqual([
    { principal: 'apigateway.amazonaws.com', fn, path: '/*/*/connect' },
    { principal: 'apigateway.amazonaws.com', fn, path: '/*/*/callback' },
  ]);
});
