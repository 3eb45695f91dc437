import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, EncryptJWT } from 'jose';
import { open, seal, sealedWith } from '../../../../lambdas/tokens/sealing/seal.ts';
import { createSealingKeyring } from '../../../../lambdas/tokens/sealing/sealing-keyring.ts';
import { deriveSealingPair, importSealingKey } from '../../../../lambdas/tokens/sealing/sealing-pair.ts';

const NOON = 1_900_000_000;
const TOKENS = {
  accessToken: 'access',
  refreshToken: 'refresh',
  expiresAt: NOON + 3600,
  scope: 'user:read',
};

/** Returns the keys that open, of these seeds, the current one first. */
const openingKey = (...seeds: string[]) =>
  createSealingKeyring({ sealingSeed: async (stage) => seeds[stage === 'current' ? 0 : 1] }, () => NOON)
    .opening;
/** Seals with the public half alone, as the callback function does. */
const sealed = async (connection = 'main', seed = 'today') =>
  seal(TOKENS, connection, await importSealingKey((await deriveSealingPair(seed)).publicKey));

describe('sealed tokens', () => {
  test('open for their connection', async () => {
    expect(await open(await sealed(), 'main', openingKey('today'))).toEqual(TOKENS);
  });

  test('contain no readable text', async () => {
    expect(Buffer.from(await sealed(), 'base64url').toString()).not.toMatch(/access|refresh/);
  });

  test('of another encryption do not open', async () => {
    const { key, id } = await importSealingKey((await deriveSealingPair('today')).publicKey);
    const weaker = await new EncryptJWT({ tokens: TOKENS })
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM', kid: id })
      .setSubject('main')
      .encrypt(key);
    await expect(open(weaker, 'main', openingKey('today'))).rejects.toMatchObject({
      code: 'unreadable_tokens',
    });
  });

  test('do not open with the public half', async () => {
    const { key } = await importSealingKey((await deriveSealingPair('today')).publicKey);
    await expect(open(await sealed(), 'main', async () => key)).rejects.toThrow();
  });

  test('name their key without telling it', async () => {
    expect(sealedWith(await sealed())).toBe((await deriveSealingPair('today')).id);
    expect(sealedWith('')).toBeUndefined();
  });

  test('open with the previous key after the key was replaced', async () => {
    const opened = open(await sealed('main', 'yesterday'), 'main', openingKey('today', 'yesterday'));
    expect(await opened).toEqual(TOKENS);
  });

  test('with a key that no longer exists are misconfigured, because a consent would not help', async () => {
    const opened = open(await sealed('main', 'long ago'), 'main', openingKey('today', 'yesterday'));
    await expect(opened).rejects.toMatchObject({ class: 'misconfigured', code: 'unknown_key' });
  });

  test.each<[string, (jwe: string) => string]>([
    ['tampered', (jwe) => jwe.replace(/.{4}$/, 'AAAA')],
    ['truncated', (jwe) => jwe.slice(0, -10)],
    ['cut to their header', (jwe) => jwe.split('.')[0] ?? ''],
    ['empty', () => ''],
    ['swapped for text', () => 'access'],
  ])('%s do not open', async (_, spoil) => {
    const opened = open(spoil(await sealed()), 'main', openingKey('today'));
    await expect(opened).rejects.toMatchObject({ class: 'reconnect', code: 'unreadable_tokens' });
  });

  test('of another connection do not open', async () => {
    const opened = open(await sealed('other'), 'main', openingKey('today'));
    await expect(opened).rejects.toMatchObject({ class: 'reconnect', code: 'unreadable_tokens' });
  });

  test('in another algorithm do not open', async () => {
    const { id } = await deriveSealingPair('today');
    const direct = await new EncryptJWT({ tokens: TOKENS })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: id })
      .setSubject('main')
      .encrypt(new Uint8Array(32));
    const opened = open(direct, 'main', openingKey('today'));
    await expect(opened).rejects.toMatchObject({ class: 'reconnect', code: 'unreadable_tokens' });
  });
});

test('the id of a key is the thumbprint of its public half', async () => {
  const { id, publicKey } = await deriveSealingPair('today');
  expect(id).toBe(await calculateJwkThumbprint(publicKey));
});
