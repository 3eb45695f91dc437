import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { standIn } from './stand-in.ts';

const N8N = 'arn:aws:iam::111122223333:user/n8n';
const FUNCTION = 'arn:aws:iam::111122223333:role/function';

let local: Awaited<ReturnType<typeof standIn>>;
let id: string;

beforeAll(async () => {
  local = await standIn();
});
afterAll(() => local.close());
beforeEach(async () => {
  local.switches.caller = FUNCTION;
  id = randomUUID();
  await local.aws.createSecret({ Name: id, SecretString: 'value' });
});

const read = () => local.aws.getSecretValue({ SecretId: id });
const put = () => local.aws.putSecretValue({ SecretId: id, SecretString: 'newer' });
const setPolicy = (statement: object | object[]) =>
  local.aws.putResourcePolicy({
    SecretId: id,
    ResourcePolicy: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
  });
const deny = { Effect: 'Deny', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' };
const refusal = { name: 'AccessDeniedException', message: expect.stringContaining('explicit deny') };

describe('a Deny in a resource policy', () => {
  test('refuses the action that it names, and no other', async () => {
    await setPolicy(deny);
    await expect(read()).rejects.toMatchObject(refusal);
    await expect(put()).resolves.toBeDefined();
  });

  test('ends with the policy', async () => {
    await setPolicy(deny);
    await local.aws.deleteResourcePolicy({ SecretId: id });
    await expect(read()).resolves.toMatchObject({ SecretString: 'value' });
  });

  test('is returned for that secret alone in a batch', async () => {
    await setPolicy(deny);
    const other = randomUUID();
    await local.aws.createSecret({ Name: other, SecretString: 'other' });
    const batch = await local.aws.batchGetSecretValue({ SecretIdList: [id, other] });
    expect(batch.SecretValues).toMatchObject([{ SecretString: 'other' }]);
    expect(batch.Errors).toMatchObject([{ SecretId: id, ErrorCode: 'AccessDeniedException' }]);
  });

  test.each([
    ['a wildcard', { Action: 'secretsmanager:*Value' }],
    ['a list', { Action: ['secretsmanager:DescribeSecret', 'secretsmanager:getsecretvalue'] }],
    ['the caller as its principal', { Principal: { AWS: FUNCTION } }],
    ['the account as its principal', { Principal: { AWS: ['111122223333'] } }],
    ['everyone but another as its principal', { Principal: undefined, NotPrincipal: { AWS: N8N } }],
    ['a condition that holds', { Condition: { ArnLike: { 'aws:PrincipalArn': '*:role/*' } } }],
    ['a negated condition', { Condition: { StringNotEquals: { 'aws:PrincipalArn': N8N } } }],
    [
      'a negated condition on a missing key',
      { Condition: { StringNotEquals: { 'aws:SourceVpc': 'vpc-1' } } },
    ],
  ])('applies with %s', async (_, change) => {
    await setPolicy({ ...deny, ...change });
    await expect(read()).rejects.toMatchObject(refusal);
  });

  test.each([
    ['another action', { Action: 'secretsmanager:PutSecretValue' }],
    ['all but the action', { Action: undefined, NotAction: 'secretsmanager:GetSecretValue' }],
    ['another principal', { Principal: { AWS: N8N } }],
    ['a condition that does not hold', { Condition: { ArnEquals: { 'aws:PrincipalArn': [N8N] } } }],
    ['a condition on a missing key', { Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } } }],
    ['an Allow', { Effect: 'Allow' }],
  ])('does not apply with %s', async (_, change) => {
    await setPolicy({ ...deny, ...change });
    await expect(read()).resolves.toBeDefined();
  });

  test('that is no policy document is refused', async () => {
    for (const ResourcePolicy of ['{', '{}', '{"Statement":[{"Effect":"Perhaps"}]}']) {
      await expect(local.aws.putResourcePolicy({ SecretId: id, ResourcePolicy })).rejects.toMatchObject({
        name: 'MalformedPolicyDocumentException',
      });
    }
  });
});
