import { beforeEach, describe, expect, test } from '@jest/globals';
import { appNotDeployed } from '../../../../lambdas/tokens/app-not-deployed.ts';
import { createLink } from '../../../../lambdas/tokens/consent/create-link.ts';
import { verifyLinkTicket } from '../../../../lambdas/tokens/consent/link-ticket.ts';
import { renewLinks } from '../../../../lambdas/tokens/consent/open-links.ts';
import type { SweepDependencies } from '../../../../lambdas/tokens/dependencies.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { readKeyStatus, viewKeyRotation } from '../../../../lambdas/tokens/key-rotation/key-status.ts';
import { createResealer, SETTLE_SECONDS } from '../../../../lambdas/tokens/key-rotation/reseal.ts';
import { previewKeyRotation, rotateKeys } from '../../../../lambdas/tokens/key-rotation/rotate-keys.ts';
import { deriveSealingPair } from '../../../../lambdas/tokens/sealing/sealing-pair.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

const OPTIONS = { sweepRateMinutes: 1 };

let world: World;
beforeEach(async () => {
  world = new World();
  await createResealer(world.dependencies())();
});

const rotate = (deps: SweepDependencies = world.operator()) => rotateKeys(deps, OPTIONS);
const statusNow = async () => (await readKeyStatus(world.operator(), OPTIONS)).status;
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no failure',
    ({ code }: Failure) => code,
  );
const link = (connection: string) =>
  createLink({ connection, app: 'default' }, world.operator(), 'https://api.example');

async function connectAndPublish(...names: string[]): Promise<void> {
  for (const name of names) await world.connect(name);
  await world.runStarted();
}

/** The sweeps until everything is sealed with the new key. */
async function completeRotation(): Promise<void> {
  await createResealer(world.dependencies())();
  world.pass(SETTLE_SECONDS);
  for (let minute = 0; minute < 6; minute += 1) {
    await createResealer(world.dependencies())();
    world.pass(60);
  }
}

const OUTAGE = new Failure('retry', 'aws_failed', 'down', 'Wait.');
/** Fails the read of the app for one link. */
const failingAt = (at: number, error = OUTAGE): Intercept => {
  let calls = 0;
  return async (point, call) => {
    if (point === 'vault.app') calls += 1;
    if (point === 'vault.app' && calls === at) throw error;
    return call();
  };
};

describe('a rotation of the keys', () => {
  test('replaces both keys, keeps the sealing key as the previous one, and nothing of the link key', async () => {
    const { seeds, linkKey } = world.vault;
    const [seed = ''] = seeds;
    await rotate();
    expect(seeds).toEqual([expect.stringMatching(/^[\w-]{64}$/), seed]);
    expect(world.vault.linkKey).toMatch(/^[\w-]{64}$/);
    expect(new Set([linkKey, world.vault.linkKey, ...seeds]).size).toBe(4);
  });

  test('ends the open links at once, names their connections, and leaves those that have ended out', async () => {
    await link('alice');
    await link('bob');
    await world.connect('main');
    const { links } = await rotate();
    expect(links.map(({ connection }) => connection).sort()).toEqual(['alice', 'bob']);
    const deps = world.operator();
    const { renewed } = await renewLinks(deps, 'https://api.example');
    expect(renewed.map(({ connection }) => connection).sort()).toEqual(['alice', 'bob']);
    const [{ link: address = '' } = {}] = renewed;
    const ticket = new URL(address).searchParams.get('ticket') ?? '';
    await expect(verifyLinkTicket(ticket, deps)).resolves.toBeDefined();
  });

  test('whose links are made anew renews the others where one cannot be, and fails in an outage', async () => {
    await link('alice');
    await link('bob');
    await rotate();
    const renew = (error: Failure) =>
      renewLinks(world.operator({ intercept: failingAt(1, error) }), 'https://api.example');
    expect(await codeOf(renew(OUTAGE))).toBe('aws_failed');
    const { renewed, notRenewed } = await renew(appNotDeployed('old', ['default']));
    expect(renewed).toHaveLength(1);
    expect(notRenewed).toMatchObject([{ error: { code: 'app_not_deployed' } }]);
    expect(notRenewed[0]?.connection).not.toBe(renewed[0]?.connection);
  });

  test('whose links are made anew shows those that it made before an outage, and a repetition makes the rest', async () => {
    await link('alice');
    await link('bob');
    await rotate();
    const first = await renewLinks(world.operator({ intercept: failingAt(2) }), 'https://api.example');
    expect(first).toMatchObject({
      renewed: [expect.anything()],
      notRenewed: [{ error: { class: 'retry' } }],
    });
    const { renewed } = await renewLinks(world.operator(), 'https://api.example');
    expect(renewed.map(({ connection }) => connection)).toEqual([first.notRenewed[0]?.connection]);
  });

  test('ends a link that was made with the previous key in a function that reads the key', async () => {
    const { link: address } = await link('alice');
    const ticket = new URL(address).searchParams.get('ticket') ?? '';
    const warm = world.operator();
    await verifyLinkTicket(ticket, warm);
    await rotate();
    expect(await codeOf(verifyLinkTicket(ticket, world.operator()))).toBe('ticket_invalid');
    world.pass(600);
    expect(await codeOf(verifyLinkTicket(ticket, warm))).toBe('ticket_invalid');
  });

  test('makes links with the new key even in a function that has read the earlier one', async () => {
    const warm = world.operator();
    await warm.keyring();
    await rotate();
    const { link: address } = await createLink(
      { connection: 'alice', app: 'default' },
      warm,
      'https://api.example',
    );
    const ticket = new URL(address).searchParams.get('ticket') ?? '';
    await expect(verifyLinkTicket(ticket, world.operator())).resolves.toBeDefined();
  });

  test('is logged with the number of links, and with neither a key nor a ticket', async () => {
    const { link: address } = await link('alice');
    await rotate();
    expect(world.lines).toContainEqual({
      level: 'info',
      message: 'the keys were replaced',
      details: { links: 1, keyId: (await deriveSealingPair(world.vault.seeds[0] ?? '')).id },
    });
    const log = JSON.stringify(world.lines);
    for (const secret of [...world.vault.seeds, world.vault.linkKey, new URL(address).search])
      expect(log).not.toContain(secret);
  });

  test('leaves n8n what it holds, and the connection rotates as ever', async () => {
    await connectAndPublish('main');
    const published = world.published('main');
    await rotate();
    await completeRotation();
    expect(world.published('main')).toBe(published);
    expect(await world.item('main')).toMatchObject({ status: 'active', version: 1, failures: 0 });
  });

  test('can be repeated once the sweeps have completed the last one', async () => {
    await connectAndPublish('main');
    const { refreshToken } = await world.tokens('main');
    for (let times = 0; times < 3; times += 1) {
      await rotate();
      await completeRotation();
    }
    expect((await world.tokens('main')).refreshToken).toBe(refreshToken);
    expect(world.vault.seeds).toHaveLength(2);
  });
});

describe('a preview', () => {
  test('names the links that would end, and changes nothing', async () => {
    await link('alice');
    const { linkKey } = world.vault;
    const seeds = [...world.vault.seeds];
    const { links } = await previewKeyRotation(world.operator(), OPTIONS);
    expect(links.map(({ connection }) => connection)).toEqual(['alice']);
    expect({ linkKey: world.vault.linkKey, seeds: world.vault.seeds }).toEqual({ linkKey, seeds });
  });
});

describe('a rotation of the keys is refused', () => {
  test('while stored pairs need the previous key: it names them, and says until when', async () => {
    await connectAndPublish('main', 'other');
    await rotate();
    const { linkKey } = world.vault;
    const failure = await rotate().catch((error: Failure) => error);
    expect(failure).toMatchObject({ class: 'rejected', code: 'key_needed' });
    expect((failure as Failure).message).toBe(
      'The keys were not replaced: the last rotation of the keys is under way. 2 stored pairs are sealed with the previous key (main, other), and nothing else opens them.',
    );
    expect((failure as Failure).action).toBe(
      'Wait until about 2030-01-01 00:30 UTC. What is left: npx zoom-tokens rotate-key --status',
    );
    expect(world.vault.linkKey).toBe(linkKey);
    await completeRotation();
    expect(await codeOf(rotate())).toBe('no failure');
  });

  test('while a function may still seal with the previous key, even where nothing is stored', async () => {
    await rotate();
    expect(await codeOf(rotate())).toBe('key_needed');
  });

  test('after someone replaced the key by hand, until the sweeps have seen it', async () => {
    await connectAndPublish('main');
    world.pass(660);
    world.vault.seeds.unshift('replaced by hand');
    expect(await codeOf(rotate())).toBe('key_needed');
    world.pass(660);
    await completeRotation();
    expect(await codeOf(rotate())).toBe('no failure');
  });

  test('after the end, if the previous key is found again: the sweeps begin anew', async () => {
    await connectAndPublish('main');
    const old = (await world.item('main')).sealedTokens;
    await rotate();
    await completeRotation();
    const { sealedTokens } = await world.item('main');
    await world.store.reseal({ key: 'tokens#main', connection: 'main', sealedTokens }, old);
    expect(await codeOf(rotate())).toBe('key_needed');
    expect((await world.store.keyRotation())?.completedAt).toBeUndefined();
    await completeRotation();
    expect(await codeOf(rotate())).toBe('no failure');
    expect((await world.tokens('main')).refreshToken).toBeDefined();
  });
});

describe('two rotations of the keys at once', () => {
  test.each(['store.putKeyRotation', 'vault.replaceKey', 'vault.sealingSeed', 'store.keyRotation'])(
    'of which the second begins at %s of the first replace the keys once, and lose nothing',
    async (point) => {
      await connectAndPublish('main');
      const [seed = ''] = world.vault.seeds;
      let second: string | undefined;
      const intercept: Intercept = async (at, call) => {
        if (at === point && second === undefined) {
          second = 'begun';
          second = await codeOf(rotate());
        }
        return call();
      };
      const first = await codeOf(rotate(world.operator({ intercept })));
      expect([first, second].filter((code) => code === 'no failure')).toHaveLength(1);
      expect(world.vault.seeds).toEqual([expect.any(String), seed]);
      expect((await world.tokens('main')).refreshToken).toBeDefined();
    },
  );
});

describe('a rotation of the keys whose write fails', () => {
  const failingAt = (nth: number, error: Error, isDone = false): SweepDependencies => {
    let writes = 0;
    const intercept: Intercept = async (at, call) => {
      if (at !== 'vault.replaceKey' || ++writes !== nth) return call();
      if (isDone) await call();
      throw error;
    };
    return world.operator({ intercept });
  };
  const denied = new Failure('misconfigured', 'secret_denied', 'It may not write it.', 'Deploy again.');

  test.each([1, 2])('because it is denied at write %d can be run again at once', async (nth) => {
    await connectAndPublish('main');
    const [seed] = world.vault.seeds;
    const failure = await rotate(failingAt(nth, denied)).catch((error: Failure) => error);
    expect(failure).toMatchObject({
      class: 'misconfigured',
      code: 'keys_partly_replaced',
      message: expect.stringContaining('It may not write it.'),
    });
    expect(world.vault.seeds).toEqual([seed]);
    expect(await codeOf(rotate())).toBe('no failure');
    expect((await world.tokens('main')).refreshToken).toBeDefined();
  });

  test.each([true, false])(
    'without a response (done: %p) is not repeated for some minutes, and nothing is lost',
    async (isDone) => {
      await connectAndPublish('main');
      expect(await codeOf(rotate(failingAt(2, new Error('ECONNRESET'), isDone)))).toBe(
        'keys_partly_replaced',
      );
      expect(await codeOf(rotate())).toBe(isDone ? 'key_needed' : 'busy');
      world.pass(660);
      await completeRotation();
      expect(await codeOf(rotate())).toBe('no failure');
      expect((await world.tokens('main')).refreshToken).toBeDefined();
    },
  );

  test('of the public half alone succeeds: a sweep publishes it', async () => {
    const deps = world.operator();
    const failing = { ...deps, publishKey: () => Promise.reject(new Error('S3 is down')) };
    expect(await codeOf(rotate(failing))).toBe('no failure');
  });
});

describe('the status of the keys', () => {
  test('counts what is sealed with each key, and says that the previous one is not needed any more', async () => {
    await connectAndPublish('main', 'other');
    expect(await statusNow()).toMatchObject({
      sealed: { current: 2, previous: 0, other: 0 },
      isPreviousNeeded: false,
    });
    expect(await statusNow()).not.toHaveProperty('previousKeyId');
    await rotate();
    expect(await statusNow()).toMatchObject({
      since: world.time,
      sealed: { current: 0, previous: 2, other: 0 },
      names: { previous: ['main', 'other'] },
      isPreviousNeeded: true,
      neededUntil: expect.any(Number),
    });
    const { neededUntil = 0 } = await statusNow();
    await completeRotation();
    const after = await statusNow();
    expect(after).toMatchObject({ sealed: { current: 2, previous: 0, other: 0 }, isPreviousNeeded: false });
    expect(after).not.toHaveProperty('neededUntil');
    expect(after.completedAt).toBeLessThanOrEqual(neededUntil + 60);
  });

  test('counts rescued pairs too, and what nothing opens any more', async () => {
    await connectAndPublish('main');
    const { sealedTokens } = await world.item('main');
    await world.rescue.put(
      { connection: 'spare', generation: 1, version: 1 },
      { sealedTokens: 'damaged', expiresAt: 0, rotatedAt: 0 },
    );
    await rotate();
    await world.rescue.put(
      { connection: 'main', consentId: 'kept' },
      { sealedTokens, expiresAt: 0, rotatedAt: 0 },
    );
    expect(await statusNow()).toMatchObject({
      sealed: { current: 0, previous: 2, other: 1 },
      names: { previous: ['main'], other: ['spare'] },
    });
  });

  test('in brief says since when a rotation is under way, and when it was completed', async () => {
    await connectAndPublish('main');
    await rotate();
    const since = world.time;
    expect(await viewKeyRotation(world.operator())).toEqual({ since });
    await completeRotation();
    expect(await viewKeyRotation(world.operator())).toEqual({ since, completedAt: expect.any(Number) });
  });
});
