import { describe, expect, test } from '@jest/globals';
import {
  auditLogArn,
  auditStreamArn,
  bucketArn,
  functionArn,
  may,
  n8nPolicyArn,
  pairArn,
  publicKeyArn,
  tableArn,
  topicArn,
} from './iam.ts';
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

type Task = 'callback' | 'rotate' | 'operator';

const secrets = (action: string) => `secretsmanager:${action}`;
const FORCE = { parameters: { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' } };

// Whoever has taken a function over may do what its role may do. docs/security.md says what follows from that.
describe.each<[string, string, string, readonly [callback: boolean, rotate: boolean, operator: boolean]]>([
  // What it could read.
  ['open stored tokens, with the private half of the sealing key', READ, sealingKey, [false, true, true]],
  [
    'open a later consent, with a public half of its own choice',
    's3:PutObject',
    publicKeyArn,
    [false, true, true],
  ],
  ['seal tokens, with the public half', 's3:GetObject', publicKeyArn, [true, true, true]],
  ['read the tokens that are published for n8n', READ, published, [false, false, true]],
  ['read rescued pairs, which are sealed', 's3:GetObject', pairArn, [false, true, true]],
  ['sign links and open cookies', READ, linkKey, [true, false, true]],
  ['read the credentials of the Zoom apps', READ, defaultApp, [true, true, true]],
  ['read the API keys of n8n', READ, n8nKeys, [false, true, true]],
  ['read another secret of the account', READ, foreign, [false, false, false]],
  ['read one item of the table', 'dynamodb:GetItem', tableArn, [true, true, true]],
  ['read many items at once', 'dynamodb:BatchGetItem', tableArn, [false, true, true]],
  // What it could list.
  ['list the connections', 'dynamodb:Scan', tableArn, [false, true, true]],
  ['list the connections that are due', 'dynamodb:Query', `${tableArn}/index/due`, [false, true, true]],
  ['list the rescued pairs', 's3:ListBucket', bucketArn, [false, true, true]],
  ['list the secrets of the account', secrets('ListSecrets'), '*', [false, false, false]],
  ['list who reads the published tokens', 'iam:ListEntitiesForPolicy', n8nPolicyArn, [false, false, true]],
  // What it could write.
  ['write items of the table', 'dynamodb:UpdateItem', tableArn, [true, true, true]],
  ['add lines to the audit log', 'logs:PutLogEvents', auditStreamArn, [false, false, true]],
  ['publish a token of its own choice', secrets('PutSecretValue'), published, [true, true, true]],
  ['put rescued pairs', 's3:PutObject', pairArn, [true, true, true]],
  ['write the API keys of n8n', secrets('PutSecretValue'), n8nKeys, [false, false, true]],
  ['write the credentials of a Zoom app', secrets('PutSecretValue'), defaultApp, [false, false, false]],
  ['replace the sealing key', secrets('PutSecretValue'), sealingKey, [false, false, true]],
  ['replace the link key', secrets('PutSecretValue'), linkKey, [false, false, true]],
  ['write the policy of a secret', secrets('PutResourcePolicy'), sealingKey, [false, false, false]],
  ['start the rotate function', 'lambda:InvokeFunction', functionArn(`${NAME}-rotate`), [true, false, false]],
  [
    'invoke the operator function',
    'lambda:InvokeFunction',
    functionArn(`${NAME}-operator`),
    [false, false, false],
  ],
  [
    'change the code of a function',
    'lambda:UpdateFunctionCode',
    functionArn(`${NAME}-rotate`),
    [false, false, false],
  ],
  ['send alerts', 'sns:Publish', topicArn(`${NAME}-alarms`), [false, true, false]],
  // What it could delete.
  ['delete a published secret, to be restored', secrets('DeleteSecret'), published, [true, true, true]],
  ['delete the audit log', 'logs:DeleteLogGroup', auditLogArn, [false, false, false]],
  ['delete the lines of the audit log', 'logs:DeleteLogStream', auditStreamArn, [false, false, false]],
  ['delete a key', secrets('DeleteSecret'), sealingKey, [false, false, false]],
  ['delete items of the table', 'dynamodb:DeleteItem', tableArn, [false, false, false]],
  ['delete rescued pairs', 's3:DeleteObject', pairArn, [false, true, true]],
])('a compromised function can %s', (_, action, resource, expected) => {
  test.each<[Task, boolean]>([
    ['callback', expected[0]],
    ['rotate', expected[1]],
    ['operator', expected[2]],
  ])('%s: %s', (task, allowed) => {
    expect(may(template, principals[task], action, resource)).toBe(allowed);
  });
});

test.each<[Task, boolean]>([
  ['callback', false],
  ['rotate', false],
  ['operator', true],
])('a compromised %s function can delete a published secret for good: %s', (task, allowed) => {
  expect(may(template, principals[task], secrets('DeleteSecret'), published, FORCE)).toBe(allowed);
});
