import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../../lambdas/tokens/connection.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

const MINUTE = 60;
const HOUR = 3600;
let world: World;
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });
/** Sweeps each minute for so many minutes. */
const sweepFor = async (minutes: number, options?: FunctionOptions) => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await run(options);
    world.pass(MINUTE);
  }
};
/** Sweeps every five minutes, which is enough where only days matter. */
const sweepSeldom = async (hours: number, options?: FunctionOptions) => {
  for (let minute = 0; minute < hours * 60; minute += 5) {
    await run(options);
    world.pass(5 * MINUTE);
  }
};
const failing = (where: string, error: unknown = new Error('down')): FunctionOptions => ({
  intercept: (point, call) => (point === where ? Promise.reject(error) : call()),
});
const zoomResponding = (respond: () => Response): FunctionOptions => ({
  intercept: async (point, call) => (point === 'zoom.token' ? (respond() as never) : call()),
});
const unknownWords = zoomResponding(() => Response.json({ reason: 'No.', error: 'policy' }, { status: 400 }));

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

describe('people are alerted of a connection whose published token expired 15 minutes ago', () => {
  const breakages: [string, () => FunctionOptions][] = [
    ['Zoom is down', () => zoomResponding(() => new Response('down', { status: 503 }))],
    [
      'the client secret is wrong',
      () => zoomResponding(() => Response.json({ error: 'invalid_client' }, { status: 400 })),
    ],
    ['Zoom refuses in words that nobody knows', () => unknownWords],
    ['the secret cannot be written', () => failing('vault.publish')],
    ['the app secret cannot be read', () => failing('vault.app')],
  ];

  test.each(breakages)('when %s: by name, and not before', async (_, breaks) => {
    const { validUntil } = await world.item('main');
    world.pass(HOUR - 15 * MINUTE);
    const options = breaks();
    while (world.time <= validUntil + 15 * MINUTE) {
      await run(options);
      world.pass(MINUTE);
    }
    expect(world.expiries).toEqual([]);
    await sweepFor(4, options);
    expect(world.expiries).toEqual([['main']]);
    expect(world.alerts).toEqual([]);
  });

  test('when no sweep could run for hours, and it cannot be refreshed now', async () => {
    world.pass(5 * HOUR);
    world.zoom.isDown = true;
    await sweepFor(4);
    expect(world.expiries).toEqual([['main']]);
  });

  test('when an n8n that is pushed to does not take the new tokens, although they are published', async () => {
    await world.link('main');
    world.time = Math.ceil(world.time);
    const { validUntil } = await world.item('main');
    world.n8n.isDown = true;
    while (world.time <= validUntil + 15 * MINUTE) await sweepFor(1);
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
    expect(world.expiries).toEqual([]);
    await sweepFor(60);
    expect(world.expiries).toEqual([['main']]);
    expect(world.recoveries).toEqual([]);
    world.n8n.isDown = false;
    await sweepFor(10);
    expect(world.recoveries).toEqual([['main']]);
  });

  test('when a first consent could never be published, 15 minutes after it', async () => {
    await world.connect('new', world.dependencies(failing('vault.publish')));
    const consentedAt = world.time;
    while (world.time <= consentedAt + 15 * MINUTE) await sweepFor(1, failing('vault.publish'));
    expect(world.expiries).toEqual([]);
    await sweepFor(4, failing('vault.publish'));
    expect(world.expiries).toEqual([['new']]);
  });

  test('in one message with the others', async () => {
    for (const name of ['one', 'two']) await world.connect(name);
    world.zoom.isDown = true;
    world.pass(HOUR + 16 * MINUTE);
    await sweepFor(4);
    expect(world.expiries).toEqual([['main', 'one', 'two']]);
  });

  test('each, where more have expired than one message holds', async () => {
    for (let i = 0; i < 120; i += 1) await world.connect(`c${i}`);
    world.zoom.isDown = true;
    world.pass(HOUR + 16 * MINUTE);
    await sweepFor(10);
    expect(new Set(world.expiries.flat()).size).toBe(121);
    expect(world.expiries.flat()).toHaveLength(121);
  });

  test('again a day later, and not in between', async () => {
    world.pass(HOUR);
    world.zoom.isDown = true;
    await sweepSeldom(24);
    expect(world.expiries).toEqual([['main']]);
    await sweepSeldom(1);
    expect(world.expiries).toEqual([['main'], ['main']]);
  });

  test.each([
    [0, 2],
    [-1, 1],
  ])('again a day later to the second: %d s after it there are %d', async (seconds, alerts) => {
    world.pass(HOUR + 16 * MINUTE);
    world.zoom.isDown = true;
    await run();
    const { alertedAt = 0 } = await world.item('main');
    expect(world.expiries).toHaveLength(1);
    world.pass(alertedAt + 24 * HOUR + seconds - world.time);
    await run();
    expect(world.expiries).toHaveLength(alerts);
  });

  test.each(['alerts.tokensExpired', 'store.expired', 'store.noteAlert'])(
    'by a later sweep when %s fails',
    async (where) => {
      world.zoom.isDown = true;
      world.pass(HOUR + 16 * MINUTE);
      await sweepFor(4, failing(where));
      const before = world.expiries.length;
      await sweepFor(4);
      expect(world.expiries.slice(before)).toEqual([['main']]);
      await sweepFor(30);
      expect(world.expiries).toHaveLength(before + 1);
    },
  );
});

describe('people are told once that a connection is well again', () => {
  const breakDown = async () => {
    world.zoom.isDown = true;
    world.pass(HOUR);
    await sweepFor(30);
    expect(world.expiries).toEqual([['main']]);
    world.zoom.isDown = false;
  };

  test('by the sweep that heals it, and the message says until when n8n has a token', async () => {
    await breakDown();
    const told: Connection[] = [];
    const deps = world.dependencies();
    const alerts = { ...deps.alerts, recovered: async (items: Connection[]) => void told.push(...items) };
    for (let minute = 0; minute < 30; minute += 1) {
      await sweep({ ...deps, alerts }, { deadline: world.deadline });
      world.pass(MINUTE);
    }
    expect(told).toHaveLength(1);
    expect(told[0]?.validUntil).toBeGreaterThan(world.time);
    expect(await world.item('main')).not.toHaveProperty('alertedAt');
  });

  test('and alerted anew when its token expires again', async () => {
    await breakDown();
    await sweepFor(30);
    expect(world.recoveries).toEqual([['main']]);
    world.zoom.isDown = true;
    world.pass(HOUR);
    await sweepFor(30);
    expect(world.expiries).toEqual([['main'], ['main']]);
    expect(world.recoveries).toHaveLength(1);
  });

  test('by a later step when the message could not be sent', async () => {
    await breakDown();
    await sweepFor(10, failing('alerts.recovered'));
    expect(world.recoveries).toEqual([]);
    await sweepFor(60);
    expect(world.recoveries).toEqual([['main']]);
  });

  test('never when its token had not been expired for long enough to be alerted of', async () => {
    world.zoom.isDown = true;
    world.pass(HOUR);
    await sweepFor(10);
    world.zoom.isDown = false;
    await sweepFor(30);
    expect(world.expiries).toEqual([]);
    expect(world.recoveries).toEqual([]);
  });
});

describe('an absurd item', () => {
  /** The item that the store returns for `absurd` from now on. */
  const withItem = (changed: object): FunctionOptions => ({
    intercept: async (point, call) => {
      const result = await call();
      const item = result as Connection | undefined;
      return point === 'store.get' && item?.connection === 'absurd'
        ? ({ ...item, ...changed } as never)
        : result;
    },
  });

  test.each<[string, object]>([
    ['NaN', { validUntil: Number.NaN }],
    ['1e20', { validUntil: -1e20, failingSince: 1e20 }],
    ['a string', { validUntil: 'soon', failingSince: 'yesterday' }],
    ['no end at all', { validUntil: undefined, lastError: undefined }],
  ])('with %s as a timestamp keeps no other from its alert', async (_, changed) => {
    await world.connect('absurd');
    world.zoom.isDown = true;
    world.pass(HOUR + 16 * MINUTE);
    await sweepFor(8, withItem(changed));
    expect(world.expiries.flat()).toContain('main');
    expect(world.expiries.flat().filter((name) => name === 'main')).toHaveLength(1);
  });
});

test('people are alerted once, though the index keeps showing the item as it was before the alert', async () => {
  let shown: unknown;
  const lagging: FunctionOptions = {
    async intercept(point, call) {
      if (point === 'zoom.token') return new Response('down', { status: 503 }) as never;
      const result = await call();
      if (point !== 'store.expired') return result;
      const { entries } = result as { entries: unknown[] };
      if (entries.length > 0) shown ??= structuredClone(result);
      return (shown ?? result) as never;
    },
  };
  world.pass(HOUR + 10 * MINUTE);
  await sweepFor(20, lagging);
  expect(shown).toMatchObject({ entries: [{ connection: 'main' }] });
  expect(world.expiries).toEqual([['main']]);
});
