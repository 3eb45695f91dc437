import { beforeEach, describe, expect, test } from '@jest/globals';
import { connectServerToServer } from '../../../../lambdas/tokens/consent/connect-server-to-server.ts';
import { LEASE_SECONDS } from '../../../../lambdas/tokens/lease.ts';
import { rotateNow } from '../../../../lambdas/tokens/operate/rotate-now.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { type FunctionOptions, type Intercept, World } from '../../../support/world/world.ts';
import { SERVER_APP } from '../../../support/world/zoom-model.ts';

let world: World;
const run = (options?: FunctionOptions) =>
  step('main', world.dependencies(options), { deadline: world.deadline });
const HOUR = 3600;
const DOWN = new Error('down');

/** The calls whose names match fail, the others go through; `made` gets the names of all. */
function failing(names: RegExp, made: string[] = []): FunctionOptions {
  const intercept: Intercept = (point, call) => {
    made.push(point);
    return names.test(point) ? Promise.reject(DOWN) : call();
  };
  return { intercept };
}

/** After the named call nothing of the function happens any more. */
async function killedAt(name: string, takesEffect: boolean): Promise<void> {
  let kill = () => {};
  const killed = new Promise<void>((resolve) => {
    kill = resolve;
  });
  let isDead = false;
  const intercept: Intercept = async (point, call) => {
    if (!isDead && point === name) {
      if (takesEffect) await call();
      isDead = true;
      kill();
    }
    return isDead ? new Promise(() => {}) : call();
  };
  await Promise.race([run({ intercept }), killed]);
}

/** DynamoDB is down from Zoom's response until after the function's end. */
async function rescueTokens(): Promise<void> {
  let isGranted = false;
  await run({
    intercept: async (point, call) => {
      if (isGranted && point.startsWith('store.')) throw DOWN;
      const result = await call();
      if (point === 'zoom.token') isGranted = true;
      return result;
    },
  });
}

/** Lets the call that is being made take longer than a second. */
const passSoon = () => void setImmediate(() => world.pass(2));

const keys = () => [...world.rescue.kept.keys()];

beforeEach(async () => {
  world = new World();
  await world.connect('main');
  world.pass(HOUR - 600);
});

describe('a commit that DynamoDB takes within a second', () => {
  test('makes no call to the rescue store', async () => {
    const made: string[] = [];
    await run(failing(/^none$/, made));
    expect(made.filter((point) => point.startsWith('rescue.'))).toEqual([]);
  });
});

describe('a commit that DynamoDB refuses until the deadline', () => {
  test('leaves the sealed tokens in the rescue store, under the version and generation before the rotation', async () => {
    expect(await run(failing(/commitRotation/))).toMatchObject({
      kind: 'failed',
      error: {
        class: 'retry',
        code: 'rescued',
        message:
          'DynamoDB could not store the new tokens. They are kept in the rescue store, and the next step takes them up.',
      },
    });
    expect(keys()).toEqual(['main/1-1']);
    const [kept] = world.rescue.kept.values();
    expect([...world.zoom.secrets].filter((secret) => JSON.stringify(kept).includes(secret))).toEqual([]);
  });

  test('is recorded with the time of the lease, so that the next step looks for the tokens', async () => {
    const leasedAt = world.time;
    await run(failing(/commitRotation/));
    expect(await world.item('main')).toMatchObject({
      status: 'active',
      version: 1,
      askedAt: leasedAt,
      failures: 1,
      lastError: { code: 'rescued' },
    });
    expect((await world.item('main')).leaseOwner).toBeUndefined();
  });

  test('is taken up by the next step, without another request to Zoom, and published', async () => {
    await run(failing(/commitRotation/));
    world.pass(60);
    const made: string[] = [];
    expect(await run(failing(/^none$/, made))).toMatchObject({
      kind: 'settled',
      rotated: true,
      published: true,
    });
    expect(made).not.toContain('zoom.token');
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'active', version: 2, publishedVersion: 2, failures: 0 });
    expect(item.askedAt).toBeUndefined();
    expect(keys()).toEqual([]);
    const tokens = await world.tokens('main');
    expect(world.zoom.isLiving('main', tokens.refreshToken)).toBe(true);
    expect(world.published('main')).toBe(tokens.accessToken);
  });

  test('is taken up by a rotation by hand as well', async () => {
    await run(failing(/commitRotation/));
    world.pass(60);
    await rotateNow('main', world.dependencies(), { deadline: world.deadline });
    expect(await world.item('main')).toMatchObject({ version: 2, publishedVersion: 2 });
    expect(world.zoom.refusals).toBe(0);
  });

  test('of a connection that waited for a person makes it active: Zoom has granted its tokens', async () => {
    const refusal = () =>
      Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 });
    for (const seconds of [0, 600]) {
      world.pass(seconds);
      await run({
        intercept: (point, call) => (point === 'zoom.token' ? (Promise.resolve(refusal()) as never) : call()),
      });
    }
    expect(await world.item('main')).toMatchObject({ status: 'reconnect' });
    const options = { deadline: world.deadline, early: true, inReconnect: true };
    await step('main', world.dependencies(failing(/commitRotation/)), options);
    expect(await world.item('main')).toMatchObject({ status: 'active', lastError: { code: 'rescued' } });
  });

  test('of a Server-to-Server app is not rescued: it gets other tokens', async () => {
    const made: string[] = [];
    const options = { deadline: world.deadline };
    await connectServerToServer({ connection: 'server', app: SERVER_APP }, world.dependencies(), options);
    world.pass(HOUR);
    await step('server', world.dependencies(failing(/commitRotation/, made)), { deadline: world.deadline });
    expect(made.filter((point) => point.startsWith('rescue.'))).toEqual([]);
  });
});

describe('while DynamoDB is down from Zoom’s response on', () => {
  test('the tokens are rescued, and taken up once the lease has run out', async () => {
    await rescueTokens();
    expect(keys()).toEqual(['main/1-1']);
    world.pass(LEASE_SECONDS);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true, published: true });
    expect(world.zoom.refusals).toBe(0);
    expect(keys()).toEqual([]);
  });

  test('the tokens stay in the rescue store until DynamoDB takes them', async () => {
    await rescueTokens();
    world.pass(LEASE_SECONDS);
    await run(failing(/commitRotation/));
    expect(keys()).toEqual(['main/1-1']);
    world.pass(LEASE_SECONDS);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
    expect(world.zoom.refusals).toBe(0);
  });

  test('a rescue store that takes them at the second attempt keeps them as well', async () => {
    let failures = 0;
    await run({
      intercept: (point, call) => {
        if (point === 'store.commitRotation') return Promise.reject(DOWN);
        if (point === 'rescue.put' && failures++ === 0) return Promise.reject(DOWN);
        return call();
      },
    });
    expect(keys()).toEqual(['main/1-1']);
  });

  test('a rescue store that is down too loses the tokens, and the next step still looks there first', async () => {
    await run(failing(/commitRotation|rescue\.put/));
    expect(world.lines.at(-2)).toMatchObject({
      level: 'error',
      message: expect.stringContaining('rescue store'),
    });
    expect((await world.item('main')).askedAt).toBeDefined();
    world.pass(60);
    const made: string[] = [];
    await run(failing(/^none$/, made));
    expect(made.indexOf('rescue.get')).toBeLessThan(made.indexOf('zoom.token'));
    expect(made).toContain('rescue.get');
  });
});

describe('a commit that hangs for longer than a second', () => {
  test('has its tokens in the rescue store meanwhile, which are removed when it succeeds after all', async () => {
    const points: string[] = [];
    let answer = () => {};
    const outcome = run({
      intercept: async (point, call) => {
        points.push(point);
        if (point === 'store.commitRotation') {
          await new Promise<void>((resolve) => {
            answer = resolve;
            passSoon();
          });
        }
        const result = await call();
        if (point === 'rescue.put') answer();
        return result;
      },
    });
    expect(await outcome).toMatchObject({ kind: 'settled', rotated: true });
    expect(points.filter((point) => /rescue|commit/.test(point))).toEqual([
      'store.commitRotation',
      'rescue.put',
      'rescue.remove',
    ]);
    expect(keys()).toEqual([]);
  });
});

describe('a function that is killed', () => {
  test('before its commit, with the tokens rescued, loses nothing', async () => {
    let isGranted = false;
    const dead = new Promise<never>(() => {});
    const killed = new Promise<void>((kill) => {
      const intercept: Intercept = async (point, call) => {
        if (isGranted && point.startsWith('store.')) {
          passSoon();
          return dead;
        }
        const result = await call();
        if (point === 'zoom.token') isGranted = true;
        if (point === 'rescue.put') kill();
        return result;
      };
      run({ intercept });
    });
    await killed;
    world.pass(LEASE_SECONDS);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true, published: true });
    expect(world.zoom.refusals).toBe(0);
  });

  test('before it asked Zoom makes the next step look, and then ask', async () => {
    await killedAt('zoom.token', false);
    world.pass(LEASE_SECONDS);
    const made: string[] = [];
    expect(await run(failing(/^none$/, made))).toMatchObject({ kind: 'settled', rotated: true });
    expect(made.indexOf('rescue.get')).toBeLessThan(made.indexOf('zoom.token'));
  });

  test('before its commit, with nothing rescued, is found out by Zoom’s refusal: a person is told of a lost response', async () => {
    const leasedAt = world.time;
    await killedAt('store.commitRotation', false);
    world.pass(LEASE_SECONDS);
    expect(await run()).toMatchObject({ kind: 'failed', error: { code: 'response_lost' }, isRefused: true });
    expect(await world.item('main')).toMatchObject({
      status: 'active',
      lostAt: leasedAt,
      lastError: { code: 'suspect' },
    });
    world.pass(600);
    await run();
    expect(await world.item('main')).toMatchObject({
      status: 'reconnect',
      lastError: {
        class: 'reconnect',
        code: 'response_lost',
        message: expect.stringContaining('A response of Zoom was lost at 2030-01-01 00:50 UTC'),
      },
    });
  });
});

describe('while the rescue store cannot be read', () => {
  beforeEach(async () => {
    await rescueTokens();
    world.pass(LEASE_SECONDS);
    world.rescue.isDown = true;
  });

  test('Zoom is not asked, and the next step looks again', async () => {
    const made: string[] = [];
    expect(await run(failing(/^none$/, made))).toMatchObject({
      kind: 'failed',
      error: { class: 'retry', code: 'rescue_unreadable' },
    });
    expect(made).not.toContain('zoom.token');
    expect((await world.item('main')).askedAt).toBeDefined();

    world.rescue.isDown = false;
    world.pass(60);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true, published: true });
    expect(world.zoom.refusals).toBe(0);
  });
});

test('a publication that was interrupted does not wait for the rescue store', async () => {
  await killedAt('vault.publish', false);
  world.pass(LEASE_SECONDS);
  const { askedAt } = await world.item('main');
  // As a lease of another kind leaves it behind, whose holder is killed.
  const lease = { owner: 'killed', now: world.time, until: world.time + LEASE_SECONDS, early: true };
  await world.store.lease('main', lease);
  world.pass(LEASE_SECONDS);
  world.rescue.isDown = true;
  expect(await run()).toMatchObject({ kind: 'settled', rotated: false, published: true });
  const item = await world.item('main');
  expect(askedAt).toBeUndefined();
  expect(item).toMatchObject({ publishedVersion: 2, askedAt: lease.now });
});

test('an operator who links an n8n does not make the next step forget to look', async () => {
  await rescueTokens();
  world.pass(LEASE_SECONDS);
  await world.link('main');
  expect(await run()).toMatchObject({ kind: 'settled', rotated: true, published: true });
  expect(world.zoom.refusals).toBe(0);
});

test('a newer consent wins over tokens in the rescue store', async () => {
  await rescueTokens();
  world.pass(LEASE_SECONDS);
  await world.connect('main');
  const { accessToken } = await world.tokens('main');
  await run();
  expect(await world.item('main')).toMatchObject({ generation: 2, version: 2, publishedVersion: 2 });
  expect(world.published('main')).toBe(accessToken);
});
