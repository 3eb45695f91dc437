import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { OVERWRITTEN } from '../../../../lambdas/tokens/disconnect/overwrite-pushed.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import type { Bundle } from '../../../../lambdas/tokens/publication/bundle.ts';
import { doubtContent } from '../../../../lambdas/tokens/publication/change-bundle.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { nextSlot } from '../../../../lambdas/tokens/publication/slots.ts';
import { type Versions, withVersion } from '../../../../lambdas/tokens/publication/version-budget.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const end = (options: FunctionOptions = {}, force = false) =>
  disconnect('main', world.operator(options), { deadline: world.deadline, force });

/** Disconnects, connects again, and restores the table to a backup in between. */
async function restore(connect: () => Promise<unknown>): Promise<() => Promise<void>> {
  await connect();
  await end();
  world.pass(60);
  const backUp = world.store.backUp();
  const reconnectAndRestore = async () => {
    await connect();
    await world.runStarted();
    world.pass(60);
    backUp();
  };
  await reconnectAndRestore();
  return reconnectAndRestore;
}

/** Notes the calls. */
function noting(): { calls: string[]; intercept: Intercept } {
  const calls: string[] = [];
  return {
    calls,
    intercept: (point, call) => {
      calls.push(point);
      return call();
    },
  };
}

describe('a table that is restored to a disconnected connection, which was connected again since', () => {
  test('has its token removed by a repeated disconnection, which revokes it', async () => {
    await restore(() => world.connect('main'));
    const token = world.published('main');
    expect(world.zoom.accepts(token)).toBe(true);
    const item = await end();
    expect(world.published('main')).toBeUndefined();
    expect(world.zoom.accepts(token)).toBe(false);
    expect(item).toMatchObject({ disconnectedAt: world.time, revokedAt: world.time, sealedTokens: '' });
    world.pass(60);
    expect(await end()).toEqual(item);
    expect(await world.item('main')).toEqual(item);
  });

  test('has its token removed and not called revoked where Zoom is down', async () => {
    await restore(() => world.connect('main'));
    world.zoom.isDown = true;
    const item = await end();
    expect(world.published('main')).toBeUndefined();
    expect(item).not.toHaveProperty('revokedAt');
    expect(item.lastError).toMatchObject({ code: 'not_revoked' });
  });

  test('has its pushed token overwritten as well', async () => {
    await world.connect('main');
    await world.link('main');
    await restore(async () => {
      await world.connect('main');
      await sweep(world.dependencies(), { deadline: world.deadline });
      expect(await world.pushed('main')).toBe(world.published('main'));
    });
    await end();
    expect(await world.pushed('main')).toBe(OVERWRITTEN);
  });

  test('is disconnected once by two repetitions at the same time', async () => {
    await restore(() => world.connect('main'));
    const { generation } = await world.item('main');
    const options = { deadline: world.deadline, force: false };
    const first = end();
    const waiting = { ...world.operator(), wait: async () => void (await first) };
    const second = disconnect('main', waiting, options);
    const item = await first;
    expect(await second).toEqual(item);
    expect(await world.item('main')).toMatchObject({ generation: generation + 1 });
  });

  test('keeps the token of a consent that is given while the repetition waits', async () => {
    await restore(() => world.connect('main'));
    const intercept: Intercept = async (point, call) => {
      if (point === 'store.beginDisconnect') await world.connect('main');
      return call();
    };
    await expect(end({ intercept })).rejects.toMatchObject({ code: 'overtaken' });
    expect(world.published('main')).toBe((await world.tokens('main')).accessToken);
  });
});

describe('a restored table with a bundle whose disconnected member was connected again since', () => {
  const connect = () => world.connectTo('sales', 'main');

  test('has the member removed by a repeated disconnection, although its record knows of no change', async () => {
    await world.connectTo('sales', 'anna');
    const again = await restore(connect);
    const { accessToken } = await world.tokens('anna');
    // A second time, a version of the same content exists already.
    for (const prepare of [async () => {}, again]) {
      await prepare();
      expect(world.bundle('sales')).toHaveProperty('main');
      await end();
      expect(world.bundle('sales')).toEqual({ anna: accessToken });
    }
  });

  test('has a member removed that was disconnected since and is in the backup, although that version exists already', async () => {
    await world.connectTo('sales', 'anna', 'main');
    const backUp = world.store.backUp();
    await connect();
    await end();
    world.pass(60);
    backUp();
    // Another consent puts its token back into the secret.
    await connect();
    expect(world.bundle('sales')).toHaveProperty('main');
    await end();
    expect(world.bundle('sales')).toEqual({ anna: (await world.tokens('anna')).accessToken });
  });

  test('has the secret deleted where it knows of no other member', async () => {
    await restore(connect);
    expect(world.bundle('sales')).toHaveProperty('main');
    await end();
    expect(world.bundle('sales')).toBeUndefined();
  });

  test('says that the token stays where the bundle takes no version, until its next slot removes it', async () => {
    await world.connectTo('sales', 'anna');
    await restore(connect);
    const bundle = await world.store.bundle('sales');
    if (!bundle) throw new Error('no bundle');
    let full = bundle;
    for (let next: Versions | undefined = bundle; next; ) {
      full = { ...full, ...next };
      next = withVersion('sales', full, world.time, { isRemoval: true });
    }
    await world.store.putBundle({ ...full, revision: bundle.revision + 1 });
    await expect(end()).rejects.toMatchObject({ code: 'not_withdrawn' });
    world.pass(nextSlot('sales', world.time) - world.time);
    await sweep(world.dependencies(), { deadline: world.deadline });
    expect(world.bundle('sales')).toEqual({ anna: (await world.tokens('anna')).accessToken });
    expect(await end()).not.toHaveProperty('lastError');
  });

  test.each(['store.beginDisconnect', 'vault.publish'])(
    'has it removed by a later sweep where the repetition was killed at %s',
    async (last) => {
      await world.connectTo('sales', 'anna');
      await restore(connect);
      const killed = Promise.withResolvers<void>();
      const intercept: Intercept = (point, call) => {
        if (point !== last) return call();
        killed.resolve();
        return new Promise(() => {});
      };
      void end({ intercept });
      await killed.promise;
      world.pass(Math.max(LEASE_SECONDS, nextSlot('sales', world.time) - world.time));
      await sweep(world.dependencies(), { deadline: world.deadline });
      expect(world.bundle('sales')).toEqual({ anna: (await world.tokens('anna')).accessToken });
    },
  );
});

describe('a table that is restored to a connected member, which was published in its bundle since', () => {
  const expectLeft = async (...connections: string[]) => {
    expect(world.bundle('sales')).toHaveProperty('main');
    await end();
    expect(Object.keys(world.bundle('sales') ?? {})).toEqual(connections);
  };
  /** Consents, and publishes only after a backup, to which the table is restored. */
  const restoreBeforePublication = async () => {
    await world.connect('main', undefined, 'main', false, placeOf('sales'));
    const backUp = world.store.backUp();
    await world.runStarted();
    world.pass(60);
    backUp();
  };

  test('has it removed by its first disconnection, where the backup is older than its publication', async () => {
    await world.connectTo('sales', 'anna');
    await restoreBeforePublication();
    expect((await world.store.bundle('sales'))?.members).toHaveProperty('main');
    await expectLeft('anna');
  });

  test('has the secret deleted by its first disconnection, where the table knows of no secret', async () => {
    await restoreBeforePublication();
    await expectLeft();
    expect(world.bundle('sales')).toBeUndefined();
  });

  test('has it removed where the record of its bundle does not know it', async () => {
    await world.connectTo('sales', 'anna');
    const before = await world.store.bundle('sales');
    await world.connectTo('sales', 'main');
    await forget('sales', before);
    await expectLeft('anna');
  });

  test('has it removed where the record of a bundle that it has left does not know it', async () => {
    await world.connectTo('sales', 'anna');
    const before = await world.store.bundle('sales');
    await world.connectTo('sales', 'main');
    await moveConnection({ connection: 'main', place: 'own' }, world.operator(), {
      deadline: world.deadline,
    });
    await forget('sales', before);
    await expectLeft('anna');
  });

  test('has it removed where the bundle was in doubt, and took a content of the same number since', async () => {
    await world.connectTo('sales', 'anna', 'main');
    await doubtContent('sales', world.dependencies());
    const backUp = world.store.backUp();
    await end();
    await world.connectTo('sales', 'main');
    world.pass(60);
    backUp();
    await expectLeft('anna');
  });

  test('has it removed where what n8n reads cannot be read', async () => {
    await world.connectTo('sales', 'anna');
    await restoreBeforePublication();
    const intercept: Intercept = (point, call) =>
      point === 'vault.published' ? Promise.reject(new Error('down')) : call();
    await end({ intercept });
    expect(Object.keys(world.bundle('sales') ?? {})).toEqual(['anna']);
  });
});

/** Gives a bundle the record that it had before. */
async function forget(bundle: string, before: Bundle | undefined): Promise<void> {
  const now = await world.store.bundle(bundle);
  if (!before || !now) throw new Error('no bundle');
  await world.store.putBundle({ ...before, revision: now.revision + 1 });
}

test('a member that never was published is disconnected without a version of its bundle', async () => {
  await world.connectTo('sales', 'anna');
  await world.connect('main', undefined, 'main', false, placeOf('sales'));
  const before = world.vault.history.length;
  await end();
  expect(world.vault.history).toHaveLength(before);
  expect(await world.store.bundle('sales')).not.toHaveProperty('unrecorded');
});

test('a first disconnection of a published member reads nothing of what n8n reads, and makes one version', async () => {
  await world.connectTo('sales', 'anna', 'main');
  const before = world.vault.history.length;
  const { calls, intercept } = noting();
  await end({ intercept });
  expect(calls).not.toContain('vault.published');
  expect(world.vault.history).toHaveLength(before + 1);
});

test('a first disconnection does not read what n8n reads', async () => {
  await world.connect('main');
  const { calls, intercept } = noting();
  await end({ intercept });
  expect(calls).not.toContain('vault.published');
});

describe('a repeated disconnection that finds nothing published', () => {
  test.each([
    ['own', 1],
    [placeOf('sales'), 1],
    ['none', 0],
  ] as const)(
    'in the place "%s" makes %d read of what n8n reads, and changes nothing',
    async (place, reads) => {
      await world.connectTo('sales', 'anna');
      await world.connect('main', undefined, 'main', false, place);
      await world.runStarted();
      const item = await end();
      const { calls, intercept } = noting();
      expect(await end({ intercept })).toEqual(item);
      expect(calls).toEqual(['store.get', ...Array.from({ length: reads }, () => 'vault.published')]);
    },
  );

  test('of its own, because another installation has taken the name, changes nothing', async () => {
    await world.connect('main');
    const item = await end({}, true);
    const intercept: Intercept = (point, call) =>
      point === 'vault.published'
        ? Promise.reject(new Failure('misconfigured', 'secret_denied', 'denied', 'Deploy again.'))
        : call();
    expect(await end({ intercept })).toEqual(item);
  });

  test('does not pass for finished where the secret cannot be read', async () => {
    await world.connect('main');
    await end();
    const intercept: Intercept = (point, call) =>
      point === 'vault.published'
        ? Promise.reject(new Failure('misconfigured', 'kms_unusable', 'disabled', 'Enable the key.'))
        : call();
    await expect(end({ intercept })).rejects.toMatchObject({ code: 'kms_unusable' });
  });
});
