import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { disconnect } from '../../../lambdas/tokens/disconnect.ts';
import { deriveKeys } from '../../../lambdas/tokens/keys.ts';
import { LEASE_SECONDS, step } from '../../../lambdas/tokens/step.ts';
import { sweep } from '../../../lambdas/tokens/sweep.ts';
import { ZOOM_TIMEOUT_SECONDS } from '../../../lambdas/tokens/zoom.ts';
import { CALLBACK_TIMEOUT, OPERATOR_TIMEOUT, ROTATE_TIMEOUT } from '../../../lib/service-function.ts';
import { type FunctionOptions, type Intercept, World } from '../../support/world.ts';

const HOUR = 3600;
const FLEET = ['one', 'two', 'three', 'four', 'five'];
let world: World;
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });
const answering = (answer: () => Response | Promise<Response>): FunctionOptions => ({
  intercept: async (point, call) => (point === 'zoom.token' ? ((await answer()) as never) : call()),
});
const items = () => world.store.list();

beforeEach(async () => {
  world = new World();
  for (const name of FLEET) await world.connect(name);
  world.pass(HOUR - 600);
});

test('every promise of docs/reliability.md has its tests here', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
  const promised = [...read('../../../docs/reliability.md').matchAll(/^### (.+)$/gm)].map(([, name]) => name);
  const tested = [...read('./promises.test.ts').matchAll(/^describe\('(.+)',/gm)].map(([, name]) => name);
  expect(promised.length).toBeGreaterThan(0);
  expect(tested).toEqual(promised);
});

describe('Single flight', () => {
  test('sweeps, duplicates of them and rotations by hand never ask Zoom twice at once', async () => {
    const byHand = FLEET.map((name) =>
      step(name, world.dependencies(), { deadline: world.deadline, early: true }),
    );
    await Promise.all([run(), run(), ...byHand, run(), run()]);
    expect(world.zoom.mostInFlight).toBe(1);
    expect(world.zoom.refusals).toBe(0);
  });

  test('the lease outlives the longest function, though two clocks differ by two minutes', () => {
    const longest = Math.max(
      ...[CALLBACK_TIMEOUT, OPERATOR_TIMEOUT, ROTATE_TIMEOUT].map((each) => each.toSeconds()),
    );
    expect(LEASE_SECONDS).toBeGreaterThanOrEqual(longest + 2 * 60);
    expect(ZOOM_TIMEOUT_SECONDS).toBeLessThan(longest / 2);
  });
});

describe('Nothing lost', () => {
  test('after Zoom’s answer nothing leaves the function before the commit', async () => {
    const points: string[] = [];
    const intercept: Intercept = (point, call) => {
      points.push(point);
      return call();
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(points[points.indexOf('zoom.token') + 1]).toBe('store.commitRotation');
  });

  test('Zoom is not asked when its slowest answer would leave too little time to store it', async () => {
    await step('one', world.dependencies(), { deadline: world.time + ZOOM_TIMEOUT_SECONDS + 4 });
    expect(await world.item('one')).toMatchObject({
      status: 'active',
      version: 1,
      lastError: { code: 'no_time_left' },
    });
    world.pass(60);
    await step('one', world.dependencies(), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'active', version: 2 });
    expect(world.zoom.refusals).toBe(0);
  });

  test('an answer lost on its way is decided by one further attempt, and a human is told', async () => {
    const lost: FunctionOptions = {
      intercept: async (point, call) => {
        const answer = await call();
        if (point === 'zoom.token') throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
        return answer;
      },
    };
    await step('one', world.dependencies(lost), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'active', lastError: { code: 'no_answer' } });
    world.pass(60);
    await step('one', world.dependencies(), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'reconnect' });
    expect(world.zoom.refusals).toBe(1);
    expect(world.lines.at(-1)).toMatchObject({
      level: 'error',
      details: { connection: 'one', generation: 1, version: 1, class: 'reconnect', code: 'invalid_token' },
    });
  });
});

describe('Atomic', () => {
  test('at every call of a rotation the table holds one whole token set, and n8n reads one whole token', async () => {
    const seen = new Set<string>();
    const intercept: Intercept = async (_point, call) => {
      const { expiresAt } = await world.item('one');
      const tokens = await world.tokens('one');
      expect(tokens.expiresAt).toBe(expiresAt);
      expect(world.zoom.secrets).toContain(world.published('one'));
      seen.add(`${tokens.accessToken} ${tokens.refreshToken}`);
      return call();
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(seen.size).toBe(2);
  });
});

describe('A newer consent wins', () => {
  const points = [
    'store.lease',
    'vault.key',
    'vault.app',
    'zoom.token',
    'store.commitRotation',
    'vault.publish',
    'store.settle',
  ];

  test.each(
    points.flatMap((point) => [
      [point, 'before'],
      [point, 'after'],
    ]),
  )('when it comes at %s, %s the call', async (where, when) => {
    let hasCome = false;
    const intercept: Intercept = async (point, call) => {
      const comes = point === where && !hasCome;
      hasCome ||= comes;
      if (comes && when === 'before') await world.connect('one');
      const answer = await call();
      if (comes && when === 'after') await world.connect('one');
      return answer;
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(hasCome).toBe(true);
    for (let minute = 0; minute < 8; minute += 1) {
      world.pass(60);
      await run();
    }
    expect(await world.item('one')).toMatchObject({ status: 'active', generation: 2 });
    const { accessToken, refreshToken } = await world.tokens('one');
    expect(world.zoom.isLiving('one', refreshToken)).toBe(true);
    expect(world.published('one')).toBe(accessToken);
  });
});

describe('A publish that fails is repeated', () => {
  test('until it succeeds, without another request to Zoom', async () => {
    let requests = 0;
    const down: FunctionOptions = {
      intercept: (point, call) => {
        if (point === 'zoom.token') requests += 1;
        return point === 'vault.publish' ? Promise.reject(new Error('down')) : call();
      },
    };
    for (let minute = 0; minute < 20; minute += 1) {
      await run(down);
      world.pass(60);
    }
    expect(requests).toBe(FLEET.length);
    world.pass(300);
    expect(await run()).toMatchObject({ rotated: 0, published: FLEET.length });
  });
});

describe('The old token stays', () => {
  test('for as long as it lives while Zoom is down, and a new one comes with the first sweeps after', async () => {
    const before = FLEET.map((name) => world.published(name));
    world.zoom.isDown = true;
    for (let minute = 0; minute < 9; minute += 1) {
      await run();
      world.pass(60);
    }
    expect(FLEET.map((name) => world.published(name))).toEqual(before);
    expect(before.every((token) => world.zoom.accepts(token))).toBe(true);
    world.zoom.isDown = false;
    for (let minute = 0; minute < 6; minute += 1) {
      await run();
      world.pass(60);
    }
    expect(FLEET.every((name) => world.zoom.accepts(world.published(name)))).toBe(true);
  });
});

describe('Wrong classes never happen', () => {
  const networkError = (code: string) => Promise.reject(new TypeError('fetch failed', { cause: { code } }));

  test.each<[string, () => Response | Promise<Response>]>([
    ['a 500', () => Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 500 })],
    ['a 429', () => new Response('slow down', { status: 429, headers: { 'retry-after': '5' } })],
    ['an HTML body', () => new Response('<html>Invalid Token!</html>', { status: 400 })],
    ['a timeout', () => Promise.reject(new DOMException('timed out', 'TimeoutError'))],
    ['a DNS failure', () => networkError('ENOTFOUND')],
    ['a reset', () => networkError('ECONNRESET')],
  ])('%s leaves every connection active', async (_, answer) => {
    await run(answering(answer));
    expect((await items()).map(({ status }) => status)).toEqual(FLEET.map(() => 'active'));
  });

  test.each([
    ['invalid_grant', 400],
    ['invalid_request', 400],
    ['invalid_grant', 401],
    ['invalid_request', 401],
  ])('“Invalid Token!” as %s with %i asks a human, for that connection alone', async (error, status) => {
    const intercept: Intercept = async (point, call) =>
      point === 'zoom.token'
        ? (Response.json({ reason: 'Invalid Token!', error }, { status }) as never)
        : call();
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    await run();
    expect((await items()).map(({ status: is }) => is)).toEqual([
      'reconnect',
      'active',
      'active',
      'active',
      'active',
    ]);
  });

  test('“Invalid Token!” asks nobody where a re-read shows that somebody else was faster', async () => {
    const intercept: Intercept = async (point, call) => {
      const answer = await call();
      if (point !== 'zoom.token') return answer;
      await world.connect('one');
      return Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never;
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'active', generation: 2 });
  });

  test('invalid_client makes every connection of the app misconfigured, and heals by itself', async () => {
    world.zoom.clientSecret = 'replaced';
    await run();
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['misconfigured']));
    world.appSecret = 'replaced';
    world.pass(20 * 60);
    await run();
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['active']));
  });

  test('a fleet-wide “Invalid Token!” trips the breaker', async () => {
    await run(
      answering(() => Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 })),
    );
    expect((await items()).map(({ lastError }) => lastError?.code)).toEqual(FLEET.map(() => 'zoom_incident'));
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['active']));
  });
});

describe('Recovery needs no one', () => {
  const points = ['store.lease', 'zoom.token', 'store.commitRotation', 'vault.publish', 'store.settle'];

  test.each(points)('after the function was killed before %s', async (where) => {
    let kill = () => {};
    const killed = new Promise<void>((resolve) => {
      kill = resolve;
    });
    const intercept: Intercept = (point, call) => {
      if (point !== where) return call();
      kill();
      return new Promise(() => {});
    };
    await Promise.race([
      step('one', world.dependencies({ intercept }), { deadline: world.deadline }),
      killed,
    ]);
    for (let minute = 0; minute < 5; minute += 1) {
      world.pass(60);
      await run();
    }
    // Killed between Zoom's answer and the commit, it needs its human; everything else heals.
    const { status, version, publishedVersion } = await world.item('one');
    expect(status).toBe(where === 'store.commitRotation' ? 'reconnect' : 'active');
    expect(publishedVersion).toBe(version);
  });

  test('after the key secret was replaced: the key before still opens, the next commit seals under the new one', async () => {
    world.vault.keys.unshift('the operator’s new key');
    await run();
    const { sealedTokens } = await world.item('one');
    expect(decodeProtectedHeader(sealedTokens).kid).toBe(deriveKeys('the operator’s new key').id);
    expect(world.zoom.isLiving('one', (await world.tokens('one')).refreshToken)).toBe(true);
  });
});

describe('Disconnected stays disconnected', () => {
  const end = (options?: FunctionOptions) =>
    disconnect('one', world.dependencies(options), { deadline: world.deadline, force: false });

  test('it waits for a step that is under way, and takes away what that publishes', async () => {
    let ended: Promise<unknown> | undefined;
    const stepping = step(
      'one',
      world.dependencies({
        intercept: (point, call) => {
          const deps = { ...world.dependencies(), wait: async () => void (await stepping) };
          if (point === 'zoom.token')
            ended = disconnect('one', deps, { deadline: world.deadline, force: false });
          return call();
        },
      }),
      { deadline: world.deadline },
    );
    expect(await stepping).toMatchObject({ did: 'settled', rotated: true, published: true });
    await ended;
    for (let hour = 0; hour < 2; hour += 1) {
      world.pass(HOUR);
      await run();
    }
    expect(await world.item('one')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
    expect(world.published('one')).toBeUndefined();
    expect(world.zoom.hasLiving('one')).toBe(false);
  });

  test('a holder that outlived its lease can store nothing', async () => {
    await step(
      'one',
      world.dependencies({
        intercept: async (point, call) => {
          if (point !== 'zoom.token') return call();
          world.pass(LEASE_SECONDS);
          const answer = await call();
          await end();
          return answer;
        },
      }),
      { deadline: world.deadline },
    );
    expect(await world.item('one')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
  });

  test('a newer consent connects it again', async () => {
    await end();
    world.pass(1);
    await world.connect('one');
    expect(await world.item('one')).toMatchObject({ status: 'active' });
    expect(world.zoom.accepts(world.published('one'))).toBe(true);
  });
});
