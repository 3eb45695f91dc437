import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { standIn } from './stand-in.ts';

let local: Awaited<ReturnType<typeof standIn>>;
beforeAll(async () => {
  local = await standIn();
});
afterAll(() => local.close());

async function secret(): Promise<string> {
  const Name = randomUUID();
  await local.aws.createSecret({ Name, SecretString: 'a' });
  return Name;
}

describe('the local Secrets Manager enforces that', () => {
  const create = (Name: string, SecretString = 'a') => local.aws.createSecret({ Name, SecretString });
  const invalid = { name: 'ValidationException' };

  test('a name has 1 to 512 letters, digits and /_+=.@-', async () => {
    await create('Az09/_+=.@-');
    await create('n'.repeat(512));
    for (const name of ['', 'n'.repeat(513), 'a b', 'a!', 'ä']) {
      await expect(create(name)).rejects.toMatchObject(invalid);
    }
  });

  test('a value has 1 to 65,536 bytes, not characters', async () => {
    await create('largest', 'x'.repeat(65_536));
    await expect(create('too-large', 'x'.repeat(65_537))).rejects.toMatchObject(invalid);
    await expect(create('too-large', 'ä'.repeat(32_769))).rejects.toMatchObject(invalid);
    await expect(create('too-small', '')).rejects.toMatchObject(invalid);
    const SecretBinary = new Uint8Array(65_537);
    await expect(local.aws.createSecret({ Name: 'too-large', SecretBinary })).rejects.toMatchObject(invalid);
  });

  test('a ClientRequestToken has 32 to 64 characters', async () => {
    const SecretId = await secret();
    const put = (length: number) =>
      local.aws.putSecretValue({ SecretId, SecretString: 'b', ClientRequestToken: 't'.repeat(length) });
    await put(32);
    await put(64);
    await expect(put(31)).rejects.toMatchObject(invalid);
    await expect(put(65)).rejects.toMatchObject(invalid);
  });

  test('a validation message names the member and the limit, never the value', async () => {
    await expect(create('too-large', 'x'.repeat(65_537))).rejects.toMatchObject({
      message:
        "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
    });
  });
});

describe('the local Secrets Manager’s protocol:', () => {
  const post = async (target: string, body: string) => {
    const response = await fetch(local.url, {
      method: 'POST',
      headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' },
      body,
    });
    return { response, body: (await response.json()) as Record<string, unknown> };
  };

  test('the server listens on loopback only', () => {
    expect(new URL(local.url).hostname).toBe('127.0.0.1');
  });

  test('an error is a JSON object of type and message with status 400 and a request id', async () => {
    const { response, body } = await post('secretsmanager.GetSecretValue', '{"SecretId":"missing"}');
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(body).toEqual({
      __type: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    });
  });

  test('dates are epoch seconds', async () => {
    const SecretId = await secret();
    const { body } = await post('secretsmanager.DescribeSecret', JSON.stringify({ SecretId }));
    expect(body.CreatedDate).toBe(local.date().getTime() / 1000);
  });

  test.each(['secretsmanager.Sing', 'secretsmanager.toString', 'kms.GetSecretValue'])(
    'the operation %s is unknown',
    async (target) => {
      const { response, body } = await post(target, '{}');
      expect([response.status, body.__type]).toEqual([400, 'UnknownOperationException']);
    },
  );

  test.each(['{', '', '[]', '{"SecretId":5}'])('the body %j is a SerializationException', async (request) => {
    const { response, body } = await post('secretsmanager.GetSecretValue', request);
    expect([response.status, body.__type]).toEqual([400, 'SerializationException']);
  });

  test('a member that is missing or null is named', async () => {
    for (const request of ['{}', '{"SecretId":null}']) {
      const { body } = await post('secretsmanager.GetSecretValue', request);
      expect(body).toEqual({
        __type: 'ValidationException',
        message:
          "1 validation error detected: Value at 'secretId' failed to satisfy constraint: Member must not be null",
      });
    }
  });

  test('a value without a ClientRequestToken is refused, because the SDK always sends one', async () => {
    const { body } = await post('secretsmanager.CreateSecret', '{"Name":"no-token","SecretString":"a"}');
    expect(body.__type).toBe('InvalidRequestException');
  });
});
