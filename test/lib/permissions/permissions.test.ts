import { describe, expect, test } from '@jest/globals';
import {
  ACCOUNT,
  bucketArn,
  functionArn,
  logArn,
  n8nPolicyArn,
  type Principal,
  queueArn,
  resolve,
  type Statement,
  secretPattern,
  tableArn,
  topicArn,
} from './iam.ts';
import {
  key,
  NAME,
  n8nKeys,
  PUBLISH,
  principals,
  READ,
  scheduleRole,
  template,
  WITHDRAW,
  WRITE_LOG,
} from './principals.ts';

/** What one installation publishes, another one does not touch. */
const OWN = { StringEqualsIfExists: { 'aws:ResourceTag/zoom-token-refresher:installation': NAME } };

/** A missing object is told from one that may not be read to callers with `ListBucket` alone. */
const TAKE_UP: [string, string[]][] = [
  [bucketArn, ['s3:ListBucket']],
  [`${bucketArn}/*`, ['s3:DeleteObject', 's3:GetObject', 's3:PutObject']],
];

/** Each resource with the actions allowed on it, both sorted. */
function allowed({ arn, statements }: Principal): [string, string[]][] {
  const byResource = new Map<string, string[]>();
  for (const { Effect, Action, Resource, Condition } of statements) {
    expect(Effect).toBe('Allow');
    for (const resource of [Resource].flat()) {
      const isOurs = resource === secretPattern('n8n_zoom_') && !arn.endsWith(':user/n8n');
      expect(Condition).toEqual(isOurs ? OWN : undefined);
      byResource.set(resource, [...(byResource.get(resource) ?? []), ...[Action].flat()].sort());
    }
  }
  return [...byResource].sort();
}

describe('each may do this, and nothing else', () => {
  test.each<[keyof typeof principals, [string, string[]][]]>([
    [
      'callback',
      [
        [tableArn, ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        [logArn(`/aws/lambda/${NAME}-callback`), WRITE_LOG],
        [`${bucketArn}/*`, ['s3:PutObject']],
        [secretPattern('n8n_zoom_'), [...PUBLISH, ...WITHDRAW].sort()],
        [secretPattern(`${NAME}/app/`), [READ]],
        [key, [READ]],
        [n8nKeys, [READ]],
      ],
    ],
    [
      'rotate',
      [
        [tableArn, ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        [`${tableArn}/index/due`, ['dynamodb:Query']],
        [`${tableArn}/index/validity`, ['dynamodb:Query']],
        [logArn(`/aws/lambda/${NAME}-rotate`), WRITE_LOG],
        ...TAKE_UP,
        [secretPattern('n8n_zoom_'), PUBLISH],
        [secretPattern(`${NAME}/app/`), [READ]],
        [key, [READ]],
        [n8nKeys, [READ]],
        [topicArn(`${NAME}-alarms`), ['sns:Publish']],
      ],
    ],
    [
      'operator',
      [
        [tableArn, ['dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']],
        [n8nPolicyArn, ['iam:ListEntitiesForPolicy']],
        [logArn(`/aws/lambda/${NAME}-operator`), WRITE_LOG],
        ...TAKE_UP,
        [secretPattern('n8n_zoom_'), [READ, ...PUBLISH, ...WITHDRAW].sort()],
        [secretPattern(`${NAME}/app/`), [READ]],
        [key, [READ]],
        [n8nKeys, [READ, 'secretsmanager:PutSecretValue']],
      ],
    ],
    [
      'scheduler',
      [
        [functionArn(`${NAME}-rotate`), ['lambda:InvokeFunction']],
        [queueArn(`${NAME}-dead-letters`), ['sqs:SendMessage']],
      ],
    ],
    [
      'n8n',
      [
        ['*', ['secretsmanager:BatchGetSecretValue', 'secretsmanager:ListSecrets']],
        [secretPattern('n8n_zoom_'), [READ]],
      ],
    ],
    [
      'person',
      [
        [functionArn(`${NAME}-operator`), ['lambda:InvokeFunction']],
        [secretPattern(`${NAME}/app/`), ['secretsmanager:PutSecretValue']],
      ],
    ],
  ])('%s', (who, expected) => {
    expect(allowed(principals[who])).toEqual(expected);
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

test('our API may invoke the callback, and nobody else may invoke a function', () => {
  const permissions = Object.values(template.findResources('AWS::Lambda::Permission')).map(
    ({ Properties }) => ({
      principal: Properties.Principal,
      fn: resolve(template, Properties.FunctionName),
      path: Properties.SourceArn['Fn::Join'][1].at(-1),
    }),
  );
  const fn = functionArn(`${NAME}-callback`);
  const principal = 'apigateway.amazonaws.com';
  expect(permissions).toEqual([
    // Any route of our API, so also the default one; those of the other routes say the same again.
    { principal, fn, path: '/*/*' },
    { principal, fn, path: '/*/*/connect' },
    { principal, fn, path: '/*/*/connect' },
    { principal, fn, path: '/*/*/callback' },
    { principal, fn, path: '/*/*/zoom/events' },
    { principal, fn, path: '/*/*/zoom/events/{app}' },
  ]);
});
