import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createKeyPublisher,
  createSealingKeySource,
  type PublishedKey,
} from '../../../../lambdas/tokens/sealing/published-key.ts';
import { createSealingKeyring } from '../../../../lambdas/tokens/sealing/sealing-keyring.ts';
import { deriveSealingPair } from '../../../../lambdas/tokens/sealing/sealing-pair.ts';
import { memoryKey } from '../../../support/world/keys.ts';

let seeds: string[];
let time: number;
let reads: number;
let published: PublishedKey;
const now = () => time;
const idOf = async (seed: string) => (await deriveSealingPair(seed)).id;

beforeEach(() => {
  seeds = ['today'];
  time = 1_900_000_000;
  reads = 0;
  const kept = memoryKey();
  published = {
    read: async () => {
      reads += 1;
      return kept.read();
    },
    write: kept.write,
  };
});

const keyring = () => {
  const vault = { sealingSeed: async (stage: string) => seeds[stage === 'current' ? 0 : 1] };
  return createSealingKeyring(vault, now);
};
const publisher = (keys = keyring()) => createKeyPublisher(keys, published, now);

describe('the public half', () => {
  test('is published where it is missing, and is looked at once in ten minutes', async () => {
    const publish = publisher();
    await publish();
    await publish();
    expect(reads).toBe(1);
    time += 600;
    await publish();
    expect(reads).toBe(2);
    expect((await createSealingKeySource(published, now)()).id).toBe(await idOf('today'));
  });

  test('is replaced with its pair, and a function that remembers the earlier pair does not bring it back', async () => {
    const late = publisher();
    await late();
    seeds = ['tomorrow', 'today'];
    time += 300;
    await publisher()();
    // This one read its seed five minutes ago, and looks at the public half again.
    time += 300;
    await late();
    expect((await createSealingKeySource(published, now)()).id).toBe(await idOf('tomorrow'));
  });

  test('is not brought back by a function that has sealed with the earlier pair a moment ago', async () => {
    const keys = keyring();
    await keys.current();
    seeds = ['tomorrow', 'today'];
    await publisher()();
    await publisher(keys)();
    expect((await createSealingKeySource(published, now)()).id).toBe(await idOf('tomorrow'));
  });

  test('is replaced if something else wrote it', async () => {
    await published.write((await deriveSealingPair('a stranger')).publicKey);
    await publisher()();
    expect((await createSealingKeySource(published, now)()).id).toBe(await idOf('today'));
  });
});

describe('a function with the public half alone', () => {
  test('uses it for ten minutes at most', async () => {
    await publisher()();
    const source = createSealingKeySource(published, now);
    await source();
    seeds = ['tomorrow', 'today'];
    await publisher()({ fresh: true });
    time += 599;
    expect((await source()).id).toBe(await idOf('today'));
    time += 1;
    expect((await source()).id).toBe(await idOf('tomorrow'));
  });

  test('fails where there is none, before it could lose tokens', async () => {
    await expect(createSealingKeySource(published, now)()).rejects.toMatchObject({
      class: 'retry',
      code: 'sealing_key_missing',
    });
  });
});
