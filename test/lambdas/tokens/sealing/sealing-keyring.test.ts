import { describe, expect, test } from '@jest/globals';
import { createSealingKeyring } from '../../../../lambdas/tokens/sealing/sealing-keyring.ts';
import { deriveSealingPair } from '../../../../lambdas/tokens/sealing/sealing-pair.ts';

/** Creates a secret with these seeds, the current one first, and the keyring of one function. */
function installed(...seeds: string[]) {
  const installation = { seeds, time: 1_900_000_000, reads: [] as string[] };
  const keyring = createSealingKeyring(
    {
      sealingSeed: async (stage) => {
        installation.reads.push(stage);
        return installation.seeds[stage === 'current' ? 0 : 1];
      },
    },
    () => installation.time,
  );
  const opens = async (seed: string) => {
    const { id } = await deriveSealingPair(seed);
    return keyring.opening(id).then(
      () => true,
      ({ code }) => code,
    );
  };
  return Object.assign(installation, { keyring, opens });
}

describe('the sealing keys', () => {
  test('are read once in ten minutes', async () => {
    const installation = installed('today');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens('today')).toBe(true);
    expect(installation.reads).toEqual(['current']);
    installation.seeds = ['tomorrow', 'today'];
    installation.time += 600;
    expect((await installation.keyring.current()).id).toBe((await deriveSealingPair('tomorrow')).id);
  });

  test('seal with the current seed alone, and open with the previous one as well', async () => {
    const installation = installed('today', 'yesterday');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens('yesterday')).toBe(true);
    expect(installation.reads).toEqual(['current', 'current', 'previous']);
    expect((await installation.keyring.current()).id).toBe((await deriveSealingPair('today')).id);
  });

  test('are found at once when tokens were sealed with a newer one', async () => {
    const installation = installed('today', 'yesterday');
    await installation.opens('yesterday');
    installation.seeds = ['tomorrow', 'today'];
    installation.time += 10;
    expect(await installation.opens('tomorrow')).toBe(true);
  });

  test('do not stay valid after their second replacement', async () => {
    const installation = installed('today', 'yesterday');
    expect(await installation.opens('yesterday')).toBe(true);
    installation.seeds = ['tomorrow', 'today'];
    installation.time += 600;
    expect(await installation.opens('yesterday')).toBe('unknown_key');
  });

  test('that are unknown cost two reads, however many tokens are sealed with them', async () => {
    const installation = installed('today', 'yesterday');
    for (let i = 0; i < 50; i += 1) expect(await installation.opens(`lost ${i}`)).toBe('unknown_key');
    expect(installation.reads).toEqual(['current', 'current', 'previous']);
  });
});
