import { describe, expect, test } from '@jest/globals';
import { createKeyring, deriveKeys } from '../../../../lambdas/tokens/sealing/keyring.ts';

/** A key secret that was replaced as often as it has values, the current one first, and a warm function's keyring. */
function warm(...secrets: string[]) {
  const installation = {
    secrets,
    /** Epoch seconds. */
    time: 1_900_000_000,
    /** What was read from Secrets Manager. */
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
  test('differ by use, and their id tells nothing of them', () => {
    const { id, sealing, signing, cookie } = deriveKeys('secret');
    const texts = [id, ...[sealing, signing, cookie].map((key) => Buffer.from(key).toString('base64url'))];
    expect(new Set(texts).size).toBe(4);
    expect([sealing, signing, cookie].map(({ length }) => length)).toEqual([32, 32, 32]);
  });

  test('are read again when something is sealed under a newer key than the one remembered', async () => {
    const installation = warm('old');
    installation.secrets = ['new', 'old'];
    expect(await installation.opens('new')).toBe(true);
    expect(installation.reads).toEqual(['current']);
  });

  test('of the value before are read once, however much is still sealed under them', async () => {
    const installation = warm('new', 'old');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens('old')).toBe(true);
    expect(installation.reads).toEqual(['current', 'previous']);
  });
});

describe('an id that nobody knows', () => {
  test('costs two readings, and a flood of them no more', async () => {
    const installation = warm('today', 'yesterday');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens(`forged ${i}`)).toBe('unknown_key');
    expect(installation.reads).toEqual(['current', 'previous']);
    expect(await installation.opens('today')).toBe(true);
    expect(await installation.opens('yesterday')).toBe(true);
    expect(installation.reads).toHaveLength(2);
  });

  test('keeps nobody from a key that was replaced meanwhile for more than ten seconds', async () => {
    const installation = warm('today', 'yesterday');
    await installation.opens('forged');
    installation.secrets = ['tomorrow', 'today'];
    installation.time += 9;
    expect(await installation.opens('tomorrow')).toBe('unknown_key');
    installation.time += 1;
    expect(await installation.opens('tomorrow')).toBe(true);
  });

  test('does not make a key outlive its second replacement', async () => {
    const installation = warm('today', 'yesterday');
    expect(await installation.opens('yesterday')).toBe(true);
    installation.secrets = ['tomorrow', 'today'];
    installation.time += 10;
    expect(await installation.opens('yesterday')).toBe('unknown_key');
  });

  test('is asked for again at once when the key secret could not be read', async () => {
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
