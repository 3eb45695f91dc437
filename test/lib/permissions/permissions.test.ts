import { describe, expect, test } from '@jest/globals';
import {
  ACCOUNT,
  auditStreamArn,
  bucketArn,
  functionArn,
  logArn,
  logicalId,
  n8nPolicyArn,
  type Principal,
  publicKeyArn,
  queueArn,
  resolve,
  type Statement,
  secretPattern,
  tableArn,
  topicArn,
} from './iam.ts';
import {
  DELETE,
  defaultApp,
  linkKey,
  NAME,
  n8nKeys,
  PUBLISH,
  principals,
  READ,
  scheduleRole,
  sealingKey,
  template,
  UNPUBLISH,
  WRITE_LOG,
} from './principals.ts';

/** Condition: the secret has no installation tag, or this installation's. */
const OWN_INSTALLATION = {
  StringEqualsIfExists: { 'aws:ResourceTag/zoom-token-refresher:installation': NAME },
};

/** A missing object is told from one that may not be read to callers with `ListBucket` alone. */
const TAKE_UP: [string, string[]][] = [
  [bucketArn, ['s3:ListBucket']],
  [`${bucketArn}/pairs/*`, ['s3:DeleteObject', 's3:GetObject', 's3:PutObject']],
  [publicKeyArn, ['s3:GetObject', 's3:PutObject']],
];

/** Deletes nothing without a recovery window. */
const NO_FORCE: Statement = {
  Effect: 'Deny',
  Action: 'secretsmanager:DeleteSecret',
  Resource: '*',
  Condition: { Bool: { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' } },
};

/** Returns each resource with the actions that are allowed on it, both sorted. */
function allowedActions({ arn, statements }: Principal): [string, string[]][] {
  const byResource = new Map<string, string[]>();
  for (const statement of statements) {
    const { Effect, Action, Resource, Condition } = statement;
    if (Effect === 'Deny') {
      expect(statement).toEqual(NO_FORCE);
      continue;
    }
    for (const resource of [Resource].flat()) {
      const isPublished = resource === secretPattern('n8n_zoom_') && !arn.endsWith(':user/n8n');
      expect(Condition).toEqual(isPublished ? OWN_INSTALLATION : undefined);
      byResource.set(resource, [...(byResource.get(resource) ?? []), ...[Action].flat()].sort());
    }
  }
  return [...byResource].sort();
}

describe('exactly these actions are allowed', () => {
  test.each<[keyof typeof principals, [string, string[]][]]>([
    [
      'callback',
      [
        [tableArn, ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        [functionArn(`${NAME}-rotate`), ['lambda:InvokeFunction']],
        [logArn(`/aws/lambda/${NAME}-callback`), WRITE_LOG],
        [`${bucketArn}/pairs/*`, ['s3:PutObject']],
        [publicKeyArn, ['s3:GetObject']],
        [secretPattern('n8n_zoom_'), [...PUBLISH, DELETE].sort()],
        [defaultApp, [READ]],
        [linkKey, [READ]],
      ],
    ],
    [
      'rotate',
      [
        [tableArn, ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']],
        [`${tableArn}/index/due`, ['dynamodb:Query']],
        [`${tableArn}/index/validity`, ['dynamodb:Query']],
        [logArn(`/aws/lambda/${NAME}-rotate`), WRITE_LOG],
        ...TAKE_UP,
        [secretPattern('n8n_zoom_'), [...PUBLISH, ...UNPUBLISH].sort()],
        [defaultApp, [READ]],
        [n8nKeys, [READ]],
        [sealingKey, [READ]],
        [topicArn(`${NAME}-alarms`), ['sns:Publish']],
      ],
    ],
    [
      'operator',
      [
        [tableArn, ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem']],
        [`${tableArn}/index/due`, ['dynamodb:Query']],
        [n8nPolicyArn, ['iam:ListEntitiesForPolicy']],
        [logArn(`/aws/lambda/${NAME}-operator`), WRITE_LOG],
        [auditStreamArn, ['logs:PutLogEvents']],
        ...TAKE_UP,
        [secretPattern('n8n_zoom_'), [READ, ...PUBLISH, ...UNPUBLISH].sort()],
        [defaultApp, [READ]],
        [linkKey, [READ, 'secretsmanager:PutSecretValue']],
        [n8nKeys, [READ, 'secretsmanager:PutSecretValue']],
        [sealingKey, [READ, 'secretsmanager:PutSecretValue']],
        [topicArn(`${NAME}-alarms`), ['sns:GetTopicAttributes']],
      ],
    ],
    [
      'scheduler',
      [
        [functionArn(`${NAME}-rotate`), ['lambda:InvokeFunction']],
        [queueArn(logicalId(template, 'AWS::SQS::Queue', 'DeadLetters')), ['sqs:SendMessage']],
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
        [defaultApp, ['secretsmanager:PutSecretValue']],
      ],
    ],
  ])('to %s', (who, expected) => {
    expect(allowedActions(principals[who])).toEqual([...expected].sort());
  });
});

test("only n8n's two list actions are allowed on every resource", () => {
  const statements: Statement[] = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
    Object.values(template.findResources(type)).flatMap(({ Properties }) =>
      resolve(template, Properties.PolicyDocument.Statement),
    ),
  );
  const onEverything = statements.filter(
    ({ Effect, Resource }) => Effect === 'Allow' && [Resource].flat().includes('*'),
  );
  expect(onEverything.flatMap(({ Action }) => Action)).toEqual([
    'secretsmanager:BatchGetSecretValue',
    'secretsmanager:ListSecrets',
  ]);
});

test("only the scheduler may assume the schedule's role, for this account and this schedule group", () => {
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

test('the HTTP API may invoke the callback function, and no other service may invoke a function', () => {
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
    // The first allows every route of this API, the default one included. The others repeat it for each route.
    { principal, fn, path: '/*/*' },
    { principal, fn, path: '/*/*/connect' },
    { principal, fn, path: '/*/*/connect' },
    { principal, fn, path: '/*/*/callback' },
    { principal, fn, path: '/*/*/zoom/events' },
    { principal, fn, path: '/*/*/zoom/events/{app}' },
  ]);
});
