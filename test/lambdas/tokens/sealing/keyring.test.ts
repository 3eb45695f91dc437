import { describe, expect, test } from '@jest/globals';
import { createKeyring, deriveKeys } from '../../../../lambdas/tokens/sealing/keyring.ts';

/** Creates a key secret with these values, the current one first, and the keyring of a warm function. */
function warm(...secrets: string[]) {
  const installation = {
    secrets,
    /** Epoch seconds. */
    time: 1_900_000_000,
    /** The versions that were read from Secrets Manager. */
    reads: [] as string[],
  };
  const remembered = secrets[0];
  const keyring = createKeyring(
    {
      key: async (stage, { fresh }) => {
        if (stage === 'current' && !fresh) return remembered;
        installation.reads.push(stage);
        return installation.secrets[stage === 'current' ? 0 : 1];
      },
    },
    () => installation.time,
  );
  const opens = (secret: string) =>
    keyring(deriveKeys(secret).id).then(
      ({ id }) => id === deriveKeys(secret).id,
      ({ code }) => code,
    );
  return Object.assign(installation, { opens });
}

describe('keys', () => {
  test('differ by purpose and from their id', () => {
    const { id, sealing, signing, cookie } = deriveKeys('secret');
    const texts = [id, ...[sealing, signing, cookie].map((key) => Buffer.from(key).toString('base64url'))];
    expect(new Set(texts).size).toBe(4);
    expect([sealing, signing, cookie].map(({ length }) => length)).toEqual([32, 32, 32]);
  });

  test('are read again when data was sealed with a newer key than the cached one', async () => {
    const installation = warm('old');
    installation.secrets = ['new', 'old'];
    expect(await installation.opens('new')).toBe(true);
    expect(installation.reads).toEqual(['current']);
  });

  test('of the previous value are read once, however much data is still sealed with them', async () => {
    const installation = warm('new', 'old');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens('old')).toBe(true);
    expect(installation.reads).toEqual(['current', 'previous']);
  });
});

describe('an unknown key id', () => {
  test('costs two reads, and a flood of such ids costs no more', async () => {
    const installation = warm('today', 'yesterday');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens(`forged ${i}`)).toBe('unknown_key');
    expect(installation.reads).toEqual(['current', 'previous']);
    expect(await installation.opens('today')).toBe(true);
    expect(await installation.opens('yesterday')).toBe(true);
    expect(installation.reads).toHaveLength(2);
  });

  test('hides a key that was replaced in the meantime for at most ten seconds', async () => {
    const installation = warm('today', 'yesterday');
    await installation.opens('forged');
    installation.secrets = ['tomorrow', 'today'];
    installation.time += 9;
    expect(await installation.opens('tomorrow')).toBe('unknown_key');
    installation.time += 1;
    expect(await installation.opens('tomorrow')).toBe(true);
  });

  test('does not keep a key valid after its second replacement', async () => {
    const installation = warm('today', 'yesterday');
    expect(await installation.opens('yesterday')).toBe(true);
    installation.secrets = ['tomorrow', 'today'];
    installation.time += 10;
    expect(await installation.opens('yesterday')).toBe('unknown_key');
  });

  test('is looked up again immediately when the key secret could not be read', async () => {
    const readings = ['down', 'today'];
    const keyring = createKeyring(
      {
        key: async (_stage, { fresh }) => {
          if (!fresh) return 'remembered';
          const reading = readings.shift();
          if (reading === 'down') throw new Error('down');
          return reading;
        },
      },
      () => 1_900_000_000,
    );
    await expect(keyring(deriveKeys('today').id)).rejects.toThrow('down');
    expect((await keyring(deriveKeys('today').id)).id).toBe(deriveKeys('today').id);
  });
});
