import '../../support/services/aws-environment.ts';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createSecretsVault } from '../../../lambdas/aws/secrets-vault.ts';
import { Failure, toFailure } from '../../../lambdas/tokens/errors.ts';
import type { Vault } from '../../../lambdas/tokens/vault.ts';
import { standIn } from '../../local/aws/secrets-manager/stand-in.ts';
import { rejectionOf } from '../../support/rejection.ts';
import { vaultOn } from './vault.ts';

const denied = new Set<string>();
let service: Awaited<ReturnType<typeof standIn>>;
let vault: Vault;
let app: string;
let tests = 0;

beforeAll(async () => {
  service = await standIn((name, operation) => denied.has(`${operation} ${name}`));
});
afterAll(() => service.close());

/** Each test has an app and a key of its own, and a vault with an empty cache. */
beforeEach(() => {
  tests += 1;
  app = `app_${tests}`;
  denied.clear();
  vault = vaultOn(service, keyName());
});

const keyName = () => `zoom-token-refresher/key-${tests}`;
const appName = () => `zoom-token-refresher/app/${app}`;
const create = (Name: string, SecretString: string) => service.aws.createSecret({ Name, SecretString });
const put = (SecretId: string, SecretString: string) =>
  service.aws.putSecretValue({ SecretId, SecretString });

describe("an app's credentials", () => {
  const credentials = { client_id: 'the id', client_secret: 'the secret of the app' };

  test('are read from the secret of that name', async () => {
    await create(appName(), JSON.stringify(credentials));
    expect(await vault.app(app)).toEqual({ clientId: 'the id', clientSecret: 'the secret of the app' });
  });

  test('include the account id of a Server-to-Server app and no unknown field', async () => {
    const more = { ...credentials, account_id: 'the account', webhook_secret_token: 'w' };
    await create(appName(), JSON.stringify(more));
    expect(await vault.app(app)).toMatchObject({ accountId: 'the account' });
    expect(await vault.app(app)).not.toHaveProperty('webhookSecretToken');
  });

  test('have no account id if it is empty, as in the secret that the deployment creates', async () => {
    await create(appName(), JSON.stringify({ ...credentials, account_id: '' }));
    expect(await vault.app(app)).not.toHaveProperty('accountId');
  });

  test('lose spaces and line ends that were pasted with them', async () => {
    await create(appName(), JSON.stringify({ client_id: ' the id\n', client_secret: 's\t' }));
    expect(await vault.app(app)).toEqual({ clientId: 'the id', clientSecret: 's' });
  });

  test('are cached until they are requested fresh', async () => {
    await create(appName(), JSON.stringify(credentials));
    await vault.app(app);
    await put(appName(), JSON.stringify({ ...credentials, client_id: 'another' }));
    expect(await vault.app(app)).toMatchObject({ clientId: 'the id' });
    expect(await vault.app(app, { fresh: true })).toMatchObject({ clientId: 'another' });
    expect(await vault.app(app)).toMatchObject({ clientId: 'another' });
  });

  test('that are invalid are not cached, because the operator is about to correct them', async () => {
    await create(appName(), '{');
    await rejectionOf(vault.app(app));
    await put(appName(), JSON.stringify(credentials));
    expect(await vault.app(app)).toMatchObject({ clientId: 'the id' });
  });

  test('that do not exist are not cached as missing', async () => {
    await rejectionOf(vault.app(app));
    await create(appName(), JSON.stringify(credentials));
    expect(await vault.app(app)).toMatchObject({ clientId: 'the id' });
  });

  const SECRET = 'never-tell-this-client-secret';
  test.each([
    ['no JSON', `client_secret=${SECRET}`, 'is not valid JSON.'],
    ['cut JSON', `{"client_id":"i","client_secret":"${SECRET}`, 'is not valid JSON.'],
    ['a JSON string', JSON.stringify(SECRET), 'is not a JSON object.'],
    ['null', 'null', 'is not a JSON object.'],
    ['a list', JSON.stringify([SECRET]), 'is not a JSON object.'],
    ['an empty object', '{}', 'lacks client_id and client_secret.'],
    [
      'the template of the deployment',
      '{"client_id":"","client_secret":""}',
      'lacks client_id and client_secret.',
    ],
    ['no client_id', `{"client_secret":"${SECRET}"}`, 'lacks client_id.'],
    ['spaces for a client_id', `{"client_id":"  ","client_secret":"${SECRET}"}`, 'lacks client_id.'],
    ['a number for a client_id', `{"client_id":7,"client_secret":"${SECRET}"}`, 'lacks client_id.'],
    ['no client_secret', `{"client_id":"${SECRET}"}`, 'lacks client_secret.'],
    [
      'a number for an account_id',
      `{"client_id":"i","client_secret":"${SECRET}","account_id":7}`,
      'lacks account_id.',
    ],
  ])('with %s are misconfigured, and the message names the error', async (_, value, message) => {
    await create(appName(), value);
    const error = await rejectionOf(vault.app(app));
    expect(toFailure(error)).toMatchObject({ class: 'misconfigured', code: 'secret_unusable' });
    expect(toFailure(error).message).toBe(`The secret "${appName()}" ${message}`);
    expect(toFailure(error).action).toContain('client_id');
    expect(JSON.stringify([error, (error as Error).stack, (error as Error).cause])).not.toContain(SECRET);
  });

  test.each([
    ['does not exist', async () => {}],
    ['has no value', async () => void (await service.aws.createSecret({ Name: appName() }))],
    [
      'is binary',
      async () => void (await service.aws.createSecret({ Name: appName(), SecretBinary: Buffer.from('{}') })),
    ],
  ])('in a secret that %s are misconfigured', async (_, prepare) => {
    await prepare();
    const error = await rejectionOf(vault.app(app));
    expect(toFailure(error)).toMatchObject({
      class: 'misconfigured',
      message: `The secret "${appName()}" does not exist or has no value.`,
    });
  });

  test('that the function is not allowed to read are misconfigured', async () => {
    await create(appName(), JSON.stringify(credentials));
    denied.add(`GetSecretValue ${appName()}`);
    expect(toFailure(await rejectionOf(vault.app(app)))).toMatchObject({
      class: 'misconfigured',
      code: 'secret_denied',
      message: `The function is not allowed to read the secret "${appName()}".`,
    });
  });
});

describe('the sealing key', () => {
  test('returns its current seed', async () => {
    await create(keyName(), 'key one');
    expect(await vault.sealingSeed('current')).toBe('key one');
  });

  test('returns the seed before its replacement as the previous one, and is never cached', async () => {
    await create(keyName(), 'key one');
    expect(await vault.sealingSeed('current')).toBe('key one');
    await put(keyName(), 'key two');
    expect(await vault.sealingSeed('current')).toBe('key two');
    expect(await vault.sealingSeed('previous')).toBe('key one');
  });

  test('has no previous seed before its first replacement', async () => {
    await create(keyName(), 'key one');
    expect(await vault.sealingSeed('previous')).toBeUndefined();
  });
});

describe('the link key', () => {
  test('returns its current value alone, and is never cached', async () => {
    await create(keyName(), 'key one');
    expect(await vault.linkKey()).toBe('key one');
    await put(keyName(), 'key two');
    expect(await vault.linkKey()).toBe('key two');
  });
});

describe.each([
  ['the sealing key', () => vault.sealingSeed('current')],
  ['the link key', () => vault.linkKey()],
])('%s', (key, read) => {
  test('that is missing is misconfigured', async () => {
    expect(toFailure(await rejectionOf(read()))).toMatchObject({
      class: 'misconfigured',
      code: 'key_missing',
      message: `The secret of ${key}, "${keyName()}", does not exist or has no value.`,
    });
  });

  test('that the function is not allowed to read is misconfigured', async () => {
    await create(keyName(), 'key one');
    denied.add(`GetSecretValue ${keyName()}`);
    expect(await rejectionOf(read())).toBeInstanceOf(Failure);
  });
});

describe('a replaced key', () => {
  test('has the new text, and of the sealing key the text before is the previous one', async () => {
    await create(keyName(), 'key one');
    await vault.replaceKey('sealing key', 'key two');
    expect(await vault.sealingSeed('current')).toBe('key two');
    expect(await vault.sealingSeed('previous')).toBe('key one');
    await vault.replaceKey('link key', 'key three');
    expect(await vault.linkKey()).toBe('key three');
  });

  test.each(['link key', 'sealing key'] as const)(
    'that the function may not write is misconfigured: the %s',
    async (key) => {
      await create(keyName(), 'key one');
      denied.add(`PutSecretValue ${keyName()}`);
      expect(toFailure(await rejectionOf(vault.replaceKey(key, 'never-tell-this')))).toMatchObject({
        class: 'misconfigured',
        code: 'secret_denied',
        message: `The function cannot write the secret of the ${key} (AccessDeniedException).`,
      });
    },
  );

  test('whose secret does not exist is misconfigured, and no secret is created', async () => {
    expect(toFailure(await rejectionOf(vault.replaceKey('link key', 'key')))).toMatchObject({
      code: 'secret_denied',
      message: expect.stringContaining('ResourceNotFoundException'),
    });
    expect(await rejectionOf(vault.linkKey())).toBeInstanceOf(Failure);
  });
});

test('a vault without a key can neither open tokens, nor make links, nor replace a key', async () => {
  const callback = { appSecrets: new Map<string, string>(), installation: 'i' };
  const none = createSecretsVault(new SecretsManagerClient(), callback, () => 0);
  const replace = none.replaceKey('sealing key', 'key');
  for (const read of [none.linkKey(), none.sealingSeed('current'), replace]) {
    expect(toFailure(await rejectionOf(read))).toMatchObject({
      class: 'misconfigured',
      code: 'secret_denied',
    });
  }
});
