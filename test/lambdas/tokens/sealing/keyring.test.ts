import { describe, expect, test } from '@jest/globals';
import { createKeyring, deriveLinkKeys } from '../../../../lambdas/tokens/sealing/keyring.ts';

/** Creates a link key's secret with this value, and the keyring of one function. */
function installed(secret: string) {
  const installation = {
    secret,
    /** Epoch seconds. */
    time: 1_900_000_000,
    reads: 0,
    isDown: false,
  };
  const keyring = createKeyring(
    {
      linkKey: async () => {
        installation.reads += 1;
        if (installation.isDown) throw new Error('down');
        return installation.secret;
      },
    },
    () => installation.time,
  );
  const opens = (of: string) =>
    keyring(deriveLinkKeys(of).id).then(
      ({ id }) => id === deriveLinkKeys(of).id,
      ({ code, message }) => code ?? message,
    );
  return Object.assign(installation, { keyring, opens });
}

describe('the keys for links and cookies', () => {
  test('differ by purpose and from their id', () => {
    const { id, signing, cookie } = deriveLinkKeys('secret');
    const texts = [id, ...[signing, cookie].map((key) => Buffer.from(key).toString('base64url'))];
    expect(new Set(texts).size).toBe(3);
    expect([signing, cookie].map(({ length }) => length)).toEqual([32, 32]);
  });

  test('are read again at once where the present ones are needed', async () => {
    const installation = installed('today');
    await installation.keyring();
    installation.secret = 'tomorrow';
    const { id } = await installation.keyring(undefined, { fresh: true });
    expect(id).toBe(deriveLinkKeys('tomorrow').id);
    expect(installation.reads).toBe(2);
  });

  test('are read once in ten minutes', async () => {
    const installation = installed('today');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens('today')).toBe(true);
    installation.time += 599;
    await installation.keyring();
    expect(installation.reads).toBe(1);
    installation.time += 1;
    await installation.keyring();
    expect(installation.reads).toBe(2);
  });

  test('are read again when a link was made with a newer key', async () => {
    const installation = installed('old');
    await installation.keyring();
    installation.secret = 'new';
    installation.time += 10;
    expect(await installation.opens('new')).toBe(true);
  });

  test('that were replaced open nothing after ten minutes, and nothing at once where the new ones are known', async () => {
    const installation = installed('leaked');
    await installation.keyring();
    installation.secret = 'new';
    installation.time += 600;
    expect(await installation.opens('leaked')).toBe('unknown_key');
    expect(await installation.opens('new')).toBe(true);
  });
});

describe('an unknown key id', () => {
  test('costs one read, and a flood of such ids costs no more', async () => {
    const installation = installed('today');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens(`forged ${i}`)).toBe('unknown_key');
    expect(installation.reads).toBe(1);
    installation.time += 10;
    for (let i = 0; i < 50; i += 1) expect(await installation.opens(`forged ${i}`)).toBe('unknown_key');
    expect(installation.reads).toBe(2);
  });

  test('is looked up again immediately when the secret could not be read', async () => {
    const installation = installed('today');
    installation.isDown = true;
    expect(await installation.opens('today')).toBe('down');
    installation.isDown = false;
    expect(await installation.opens('today')).toBe(true);
  });
});
