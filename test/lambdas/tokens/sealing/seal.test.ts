import { describe, expect, test } from '@jest/globals';
import { createKeyring, deriveKeys } from '../../../../lambdas/tokens/sealing/keyring.ts';
import { open, seal } from '../../../../lambdas/tokens/sealing/seal.ts';

const NOON = 1_900_000_000;
const TOKENS = {
  accessToken: 'access',
  refreshToken: 'refresh',
  expiresAt: NOON + 3600,
  scope: 'user:read',
};

/** Returns a keyring of these values of the key secret, the current one first. */
const keyring = (...secrets: string[]) =>
  createKeyring({ key: async (stage) => secrets[stage === 'current' ? 0 : 1] }, () => NOON);
const sealed = (connection = 'main', secret = 'today') => seal(TOKENS, connection, deriveKeys(secret));

describe('sealed tokens', () => {
  test('open for their connection', async () => {
    expect(await open(await sealed(), 'main', keyring('today'))).toEqual(TOKENS);
  });

  test('contain no readable text', async () => {
    expect(Buffer.from(await sealed(), 'base64url').toString()).not.toMatch(/access|refresh/);
  });

  test('open with the previous key after the key secret was replaced', async () => {
    expect(await open(await sealed('main', 'yesterday'), 'main', keyring('today', 'yesterday'))).toEqual(
      TOKENS,
    );
  });

  test('with a key that no longer exists are misconfigured, because a consent would not help', async () => {
    const opened = open(await sealed('main', 'long ago'), 'main', keyring('today', 'yesterday'));
    await expect(opened).rejects.toMatchObject({ class: 'misconfigured', code: 'unknown_key' });
  });

  test.each<[string, (jwe: string) => string]>([
    ['tampered', (jwe) => jwe.replace(/.{4}$/, 'AAAA')],
    ['truncated', (jwe) => jwe.slice(0, -10)],
    ['cut to their header', (jwe) => jwe.split('.')[0] ?? ''],
    ['empty', () => ''],
    ['swapped for text', () => 'access'],
  ])('%s do not open', async (_, spoil) => {
    const opened = open(spoil(await sealed()), 'main', keyring('today'));
    await expect(opened).rejects.toMatchObject({ class: 'reconnect', code: 'unreadable_tokens' });
  });

  test('of another connection do not open', async () => {
    const opened = open(await sealed('other'), 'main', keyring('today'));
    await expect(opened).rejects.toMatchObject({ class: 'reconnect', code: 'unreadable_tokens' });
  });
});
