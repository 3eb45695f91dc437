import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SweepDependencies } from '../../../../lambdas/tokens/dependencies.ts';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { createResealer, SETTLE_SECONDS } from '../../../../lambdas/tokens/key-rotation/reseal.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { seal, sealedWith } from '../../../../lambdas/tokens/sealing/seal.ts';
import { deriveSealingPair } from '../../../../lambdas/tokens/sealing/sealing-pair.ts';
import { type FunctionOptions, type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const NEW_SEED = 'a new seed, for tests';
const idOf = async (seed: string) => (await deriveSealingPair(seed)).id;
const replaceKey = () => world.dependencies().vault.replaceKey('sealing key', NEW_SEED);

/** The keys of everything that is stored sealed, by the item. */
async function keysOfItems(): Promise<Record<string, string | undefined>> {
  const { items } = await world.store.sealed({ limit: 1000 });
  return Object.fromEntries(items.map(({ key, sealedTokens }) => [key, sealedWith(sealedTokens)]));
}

/** Sweeps' looks at the keys, one a minute, each in a new environment. */
async function resealTimes(times: number, options: FunctionOptions = {}): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    await createResealer(world.dependencies(options))();
    world.pass(60);
  }
}

/** The first sweep after the key was replaced, and the time until no function uses the earlier one. */
async function settle(): Promise<void> {
  await resealTimes(1);
  world.pass(SETTLE_SECONDS);
}

/** Connects, and publishes, which moves the tokens to an item of their own. */
async function connectAndPublish(...names: string[]): Promise<void> {
  for (const name of names) await world.connect(name);
  await world.runStarted();
}

describe('after the sealing key was replaced', () => {
  test('everything that is stored is sealed with the new key, in every status and in the rescue store', async () => {
    await connectAndPublish('active', 'ended', 'damaged', 'waiting');
    const deps = world.dependencies();
    const tokens = await world.tokens('active');
    const old = await deps.sealingKey();
    const sealed = { sealedTokens: await seal(tokens, 'active', old), expiresAt: tokens.expiresAt };
    await world.store.keepReplaced('active', sealed);
    await world.rescue.put({ connection: 'active', generation: 1, version: 9 }, { ...sealed, rotatedAt: 0 });
    await world.rescue.put({ connection: 'active', consentId: 'kept' }, { ...sealed, rotatedAt: 0 });
    // A disconnection that was begun and not completed still has its tokens.
    const lease = { owner: 'operator', now: world.time, until: world.time + 180 };
    await world.store.beginDisconnect('ended', { ...lease, disconnectedAt: world.time });
    world.zoom.deauthorize('waiting');
    for (const minutes of [0, 10])
      await step('waiting', world.dependencies(), { deadline: world.deadline + minutes * 60, early: true });
    const before = await Promise.all(['active', 'ended', 'waiting'].map((name) => world.tokens(name)));

    await replaceKey();
    await settle();
    await resealTimes(6);

    const id = await idOf(NEW_SEED);
    expect(new Set(Object.values(await keysOfItems()))).toEqual(new Set([id]));
    expect(Object.keys(await keysOfItems())).toContain('replaced#active');
    expect([...world.rescue.kept.values()].map(({ sealedTokens }) => sealedWith(sealedTokens))).toEqual([
      id,
      id,
    ]);
    expect(await Promise.all(['active', 'ended', 'waiting'].map((name) => world.tokens(name)))).toEqual(
      before,
    );
    expect(await world.store.keyRotation()).toMatchObject({ keyId: id, completedAt: expect.any(Number) });
  });

  test('the earlier key opens nothing that is stored once the rotation is completed', async () => {
    await connectAndPublish('main');
    await replaceKey();
    await settle();
    await resealTimes(6);
    world.vault.seeds.pop();
    expect((await world.tokens('main')).refreshToken).toBeDefined();
  });

  test('nothing is sealed again as long as a function may still seal with the earlier key', async () => {
    await connectAndPublish('main');
    const old = await idOf(world.vault.seeds[0] ?? '');
    await replaceKey();
    await resealTimes(SETTLE_SECONDS / 60);
    expect(await keysOfItems()).toEqual({ 'tokens#main': old });
    await resealTimes(3);
    expect(await keysOfItems()).toEqual({ 'tokens#main': await idOf(NEW_SEED) });
  });

  test('the rotation is not completed by the pass that sealed something, but by one that finds nothing', async () => {
    await connectAndPublish('main');
    await replaceKey();
    await settle();
    await resealTimes(2);
    expect(await world.store.keyRotation()).toMatchObject({ found: 0 });
    expect((await world.store.keyRotation())?.completedAt).toBeUndefined();
    await resealTimes(2);
    expect((await world.store.keyRotation())?.completedAt).toBeDefined();
  });

  test('what a step takes up from the rescue store after the look there is found in the table', async () => {
    await connectAndPublish('main');
    const { sealedTokens: old } = await world.item('main');
    await replaceKey();
    await settle();
    await resealTimes(1);
    const { sealedTokens } = await world.item('main');
    let isTakenUp = false;
    const intercept: Intercept = async (point, call) => {
      if (point === 'store.sealed' && !isTakenUp) {
        isTakenUp = true;
        await world.store.reseal({ key: 'tokens#main', connection: 'main', sealedTokens }, old);
      }
      return call();
    };
    await resealTimes(6, { intercept });
    expect(isTakenUp).toBe(true);
    expect(await keysOfItems()).toEqual({ 'tokens#main': await idOf(NEW_SEED) });
    expect((await world.store.keyRotation())?.completedAt).toBeDefined();
  });

  describe('many pages', () => {
    let current: () => number;
    beforeEach(async () => {
      const old = await world.dependencies().sealingKey();
      const tokens = { accessToken: 'access', refreshToken: 'refresh', expiresAt: world.time };
      const sealedTokens = await seal(tokens, 'many', old);
      for (let version = 0; version < 25; version += 1) {
        const kept = { sealedTokens, expiresAt: world.time, rotatedAt: world.time };
        await world.rescue.put({ connection: 'many', generation: 1, version }, kept);
      }
      await replaceKey();
      await settle();
      const id = await idOf(NEW_SEED);
      current = () =>
        [...world.rescue.kept.values()].filter((each) => sealedWith(each.sealedTokens) === id).length;
    });

    test('are looked at in one sweep, at most twenty of them, and the rest by the next', async () => {
      await resealTimes(1);
      expect(current()).toBe(20);
      await resealTimes(1);
      expect(current()).toBe(25);
    });

    test('are left to the next sweep after five seconds', async () => {
      const intercept: Intercept = async (point, call) => {
        if (point === 'rescue.list') world.pass(2.5);
        return call();
      };
      await resealTimes(1, { intercept });
      expect(current()).toBe(3);
    });
  });

  test('a disconnected connection, which has no tokens, holds nothing up', async () => {
    await connectAndPublish('main');
    await disconnect('main', world.operator(), { deadline: world.deadline, force: true });
    await replaceKey();
    await settle();
    await resealTimes(2);
    expect((await world.store.keyRotation())?.completedAt).toBeDefined();
  });

  test.each([
    [
      'sealed with a key that is lost',
      async () => seal(await world.tokens('main'), 'main', await deriveSealingPair('lost')),
    ],
    ['damaged', async () => 'damaged'],
  ])('tokens that are %s are left as they are, are counted, and hold nothing up', async (_, make) => {
    await connectAndPublish('main', 'other');
    const { sealedTokens } = await world.item('main');
    const broken = await make();
    await world.store.reseal({ key: 'tokens#main', connection: 'main', sealedTokens }, broken);
    await replaceKey();
    await settle();
    await resealTimes(4);
    expect((await world.item('main')).sealedTokens).toBe(broken);
    expect(await keysOfItems()).toMatchObject({ 'tokens#other': await idOf(NEW_SEED) });
    expect(await world.store.keyRotation()).toMatchObject({ unreadable: 1, completedAt: expect.any(Number) });
    const warnings = world.lines.filter(({ message }) => message.startsWith('Not sealed'));
    expect(warnings[0]?.details).toMatchObject({ connection: 'main' });
    expect(JSON.stringify(warnings)).not.toContain(broken);
  });
});

describe('a page that is interrupted', () => {
  test.each(['before', 'after'])(
    'is looked at again when the function is killed %s a write',
    async (when) => {
      await connectAndPublish('main');
      const tokens = await world.tokens('main');
      await replaceKey();
      await settle();
      let isKilled = false;
      const intercept = async <T>(point: string, call: () => Promise<T>): Promise<T> => {
        if (isKilled) return new Promise(() => {});
        if (point !== 'store.reseal') return call();
        if (when === 'after') await call();
        isKilled = true;
        return new Promise(() => {});
      };
      void createResealer(world.dependencies({ intercept }))();
      while (!isKilled) await nextTurn();
      await resealTimes(6);
      expect(await keysOfItems()).toEqual({ 'tokens#main': await idOf(NEW_SEED) });
      expect(await world.tokens('main')).toEqual(tokens);
      expect((await world.store.keyRotation())?.completedAt).toBeDefined();
    },
  );

  test('is completed for all other items when the write of one fails, which the next pass looks at again', async () => {
    await connectAndPublish('main', 'other');
    await replaceKey();
    await settle();
    const intercept = async <T>(point: string, call: () => Promise<T>): Promise<T> => {
      if (point === 'store.reseal') {
        const [first] = Object.entries(await keysOfItems());
        if (first?.[1] !== (await idOf(NEW_SEED)) && failures++ === 0) throw new Error('throttled');
      }
      return call();
    };
    let failures = 0;
    await resealTimes(2, { intercept });
    expect(Object.values(await keysOfItems()).sort()).toEqual(
      [await idOf(NEW_SEED), await idOf(world.vault.seeds[1] ?? '')].sort(),
    );
    await resealTimes(4);
    expect(new Set(Object.values(await keysOfItems()))).toEqual(new Set([await idOf(NEW_SEED)]));
    expect((await world.store.keyRotation())?.completedAt).toBeDefined();
  });
});

describe('a rotation of the tokens', () => {
  /** Seals again exactly when the step reaches this call. */
  const racing = (point: string) => {
    let hasRaced = false;
    return world.dependencies({
      intercept: async (at, call) => {
        if (at === point && !hasRaced) {
          hasRaced = true;
          await createResealer(world.dependencies())();
        }
        return call();
      },
    });
  };

  test.each(['store.lease', 'zoom.token', 'store.commitRotation', 'vault.publish', 'store.settle'])(
    'that the sealing of everything crosses at %s loses nothing',
    async (point) => {
      await connectAndPublish('main');
      await replaceKey();
      await settle();
      const deps: SweepDependencies = racing(point);
      await step('main', deps, { deadline: world.deadline, early: true });
      await resealTimes(6);
      const item = await world.item('main');
      expect(item).toMatchObject({ status: 'active', failures: 0, publishedVersion: item.version });
      const tokens = await world.tokens('main');
      expect(world.zoom.isLiving('main', tokens.refreshToken)).toBe(true);
      expect(world.published('main')).toBe(tokens.accessToken);
      expect(sealedWith(item.sealedTokens)).toBe(await idOf(NEW_SEED));
      expect((await world.store.keyRotation())?.completedAt).toBeDefined();
    },
  );

  test('between the read and the write of the sealing loses nothing, and its own tokens stay', async () => {
    await connectAndPublish('main');
    const before = await world.tokens('main');
    await replaceKey();
    await settle();
    let rotated: string | undefined;
    const intercept: Intercept = async (point, call) => {
      if (point === 'store.reseal' && rotated === undefined) {
        rotated = 'begun';
        await step('main', world.dependencies(), { deadline: world.deadline, early: true });
        rotated = (await world.item('main')).sealedTokens;
      }
      return call();
    };
    await resealTimes(1, { intercept });
    expect((await world.item('main')).sealedTokens).toBe(rotated);
    const tokens = await world.tokens('main');
    expect(tokens.refreshToken).not.toBe(before.refreshToken);
    expect(world.zoom.isLiving('main', tokens.refreshToken)).toBe(true);
    expect(world.published('main')).toBe(tokens.accessToken);
  });
});

describe('a key that was never replaced', () => {
  test('has sealed everything, so that no pass is made and the notes are read once in ten minutes', async () => {
    await connectAndPublish('main');
    const points: string[] = [];
    const intercept = <T>(point: string, call: () => Promise<T>): Promise<T> => {
      points.push(point);
      return call();
    };
    const reseal = createResealer(world.dependencies({ intercept }));
    for (let minute = 0; minute < 10; minute += 1) {
      await reseal();
      world.pass(60);
    }
    const first = ['vault.sealingSeed', 'store.keyRotation', 'vault.sealingSeed', 'store.putKeyRotation'];
    expect(points).toEqual(first);
    await reseal();
    expect(points.slice(first.length)).toEqual(['vault.sealingSeed', 'store.keyRotation']);
  });
});

test('a function that remembers the earlier key does not begin a rotation to it', async () => {
  await connectAndPublish('main');
  const late = world.dependencies();
  await late.sealingKey();
  await replaceKey();
  world.pass(540);
  await createResealer(world.dependencies())();
  const notes = await world.store.keyRotation();
  await createResealer(late)();
  expect(await world.store.keyRotation()).toEqual(notes);
  expect(notes?.keyId).toBe(await idOf(NEW_SEED));
});

test('a table that was restored is walked through again', async () => {
  await connectAndPublish('main');
  await resealTimes(1);
  const restore = world.store.backUp();
  await replaceKey();
  await settle();
  await resealTimes(6);
  restore();
  await settle();
  await resealTimes(6);
  expect(await keysOfItems()).toEqual({ 'tokens#main': await idOf(NEW_SEED) });
  expect((await world.store.keyRotation())?.completedAt).toBeDefined();
});
