import { describe, expect, test } from '@jest/globals';
import { createKeyring, deriveKeys } from '../../../lambdas/tokens/keys.ts';
import { open, seal } from '../../../lambdas/tokens/seal.ts';

const TOKENS = {
  accessToken: 'access',
  refreshToken: 'refresh',
  expiresAt: 1_900_000_000,
  scope: 'user:read',
};

/** A keyring over the key secret's values, the current one first. */
const keyring = (...secrets: string[]) =>
  createKeyring({ key: async (stage) => secrets[stage === 'current' ? 0 : 1] });
const sealed = (connection = 'main', secret = 'today') => seal(TOKENS, connection, deriveKeys(secret));

describe('sealed tokens', () => {
  test('open for their connection', async () => {
    expect(await open(await sealed(), 'main', keyring('today'))).toEqual(TOKENS);
  });

  test('hold nothing readable', async () => {
    expect(Buffer.from(await sealed(), 'base64url').toString()).not.toMatch(/access|refresh/);
  });

  test('open under the key before, once the key secret was replaced', async () => {
    expect(await open(await sealed('main', 'yesterday'), 'main', keyring('today', 'yesterday'))).toEqual(
      TOKENS,
    );
  });

  test('under a key that is gone they ask the operator, not a human at Zoom', async () => {
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

describe('keys', () => {
  test('differ by use, and their id tells nothing of them', () => {
    const { id, sealing, signing, cookie } = deriveKeys('secret');
    const texts = [id, ...[sealing, signing, cookie].map((key) => Buffer.from(key).toString('base64url'))];
    expect(new Set(texts).size).toBe(4);
    expect([sealing, signing, cookie].map(({ length }) => length)).toEqual([32, 32, 32]);
  });

  test('are read again when something is sealed under a newer key than the one remembered', async () => {
    const reads: string[] = [];
    const ring = createKeyring({
      key: async (stage, { fresh }) => {
        reads.push(`${stage}${fresh ? ' fresh' : ''}`);
        return fresh ? 'new' : 'old';
      },
    });
    expect((await ring(deriveKeys('new').id)).id).toBe(deriveKeys('new').id);
    expect(reads).toEqual(['current', 'current fresh']);
  });
});
