import { beforeEach, describe, expect, test } from '@jest/globals';
import { moveConnection } from '../../../../lambdas/tokens/operate/move-connection.ts';
import { rotateNow } from '../../../../lambdas/tokens/operate/rotate-now.ts';
import { MOST_WRITES } from '../../../../lambdas/tokens/publication/version-budget.ts';
import { addPublication } from '../../../../lambdas/tokens/publication-room.ts';
import { waitOutLostResponse } from '../../../../lambdas/tokens/rotation/lost-response.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

const MINUTE = 60;
const HOUR = 3600;
let world: World;
/** Requests for tokens that Zoom got, as the time of each. */
let requests: number[];
const counting: FunctionOptions = {
  intercept: (point, call) => {
    if (point === 'zoom.token') requests.push(world.time);
    return call();
  },
};
const responding = (respond: () => Response): FunctionOptions => ({
  intercept: async (point, call) => {
    if (point !== 'zoom.token') return call();
    requests.push(world.time);
    return respond() as never;
  },
});
const refusing = responding(() =>
  Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }),
);
const limited = responding(
  () => new Response('slow down', { status: 429, headers: { 'retry-after': '300' } }),
);
const rotate = (options: FunctionOptions = counting, seconds = 60) =>
  rotateNow('main', world.dependencies(options), { deadline: world.time + seconds });
const run = (options?: FunctionOptions) => sweep(world.dependencies(options), { deadline: world.deadline });

beforeEach(async () => {
  world = new World();
  requests = [];
  await world.connect('main');
});

describe('"rotate" on a connection that waits for a person', () => {
  beforeEach(async () => {
    world.pass(HOUR - 10 * MINUTE);
    for (let refusal = 0; refusal < 2; refusal += 1) {
      await run(refusing);
      world.pass(5 * MINUTE);
    }
    expect(world.alerts).toEqual([['main']]);
    requests = [];
  });

  test('makes one attempt, and heals it when Zoom was wrong', async () => {
    const { before, after, outcome } = await rotate();
    expect(requests).toHaveLength(1);
    expect(outcome).toBe('settled');
    expect(before).toMatchObject({ status: 'reconnect' });
    expect(after).toMatchObject({ status: 'active', version: 2, publishedVersion: 2 });
    expect(world.zoom.accepts(world.published('main'))).toBe(true);
  });

  test('heals it without a message: the operator has seen it', async () => {
    await rotate();
    expect(await world.item('main')).not.toHaveProperty('alertedAt');
    await run();
    expect(world.recoveries).toEqual([]);
    expect(world.alerts).toHaveLength(1);
  });

  test('says "Zoom refused again" where it is so, and what to run', async () => {
    world.zoom.deauthorize('main');
    await expect(rotate()).rejects.toMatchObject({
      class: 'reconnect',
      code: 'invalid_token',
      message: 'Zoom refused again: "main" needs someone to sign in.',
      action: 'Run: npx zoom-tokens connect main',
    });
    expect(requests).toHaveLength(1);
    expect(await world.item('main')).toMatchObject({ status: 'reconnect' });
  });

  test('changes nothing about its daily reminder when Zoom refuses again', async () => {
    world.zoom.deauthorize('main');
    const { dueAt } = await world.item('main');
    await expect(rotate()).rejects.toMatchObject({ code: 'invalid_token' });
    const item = await world.item('main');
    expect(item.dueAt).toBe(dueAt);
    expect(item).not.toHaveProperty('leaseOwner');
    await run();
    expect(world.alerts).toHaveLength(1);
  });

  test('says why it failed where it was no refusal, and leaves it waiting', async () => {
    world.zoom.isDown = true;
    await expect(rotate()).rejects.toMatchObject({ class: 'retry', code: 'zoom_unavailable' });
    expect(await world.item('main')).toMatchObject({
      status: 'reconnect',
      lastError: { code: 'invalid_token' },
    });
  });
});

describe('"rotate" of a member of a bundle', () => {
  beforeEach(async () => {
    await world.connectTo('sales', 'anna');
    const bundle = await world.store.bundle('sales');
    if (!bundle) throw new Error('no bundle');
    let writes = addPublication(undefined, world.time);
    for (let more = 1; more < MOST_WRITES; more += 1) writes = addPublication(writes, world.time);
    await world.store.putBundle({ ...bundle, writes, revision: bundle.revision + 1 });
    requests = [];
  });
  const rotateAnna = () => rotateNow('anna', world.dependencies(counting), { deadline: world.time + 60 });

  test('asks Zoom nothing where the secret takes no further version, while n8n’s token lives', async () => {
    await expect(rotateAnna()).rejects.toMatchObject({ class: 'rejected', code: 'version_quota' });
    expect(requests).toEqual([]);
  });

  test('rotates once n8n’s token has expired: a version that is kept back is worth less', async () => {
    world.pass((await world.item('anna')).validUntil - world.time);
    await rotateAnna().catch(() => {});
    expect(requests).toHaveLength(1);
  });
});

describe('"rotate" while Zoom’s rate limit pauses the app', () => {
  test('sends nothing, says until when, and changes nothing', async () => {
    await world.connect('other');
    await step('other', world.dependencies(limited), { deadline: world.deadline, early: true });
    const before = await world.item('main');
    requests = [];
    world.pass(100);
    await expect(rotate()).rejects.toMatchObject({ class: 'retry', code: 'app_paused', retryAfter: 200 });
    expect(requests).toEqual([]);
    expect(await world.item('main')).toEqual(before);
  });

  test('is the probe once the time is over, and ends the pause where Zoom grants it', async () => {
    await expect(rotate(limited)).rejects.toMatchObject({ code: 'rate_limited' });
    world.pass(300);
    requests = [];
    expect(await rotate()).toMatchObject({ outcome: 'settled' });
    expect(requests).toHaveLength(1);
    expect(await world.store.appHealth('default')).not.toHaveProperty('pausedUntil');
  });

  test('pauses the app itself where it meets the limit: the next sweep sends nothing', async () => {
    await world.connect('other');
    world.pass(HOUR - 10 * MINUTE);
    await expect(rotate(limited)).rejects.toMatchObject({ code: 'rate_limited' });
    const pausedUntil = world.time + 300;
    expect(await world.store.appHealth('default')).toMatchObject({ pausedUntil });
    requests = [];
    for (; world.time < pausedUntil; world.pass(MINUTE)) await run(counting);
    expect(requests).toEqual([]);
    await run(counting);
    expect(requests).toHaveLength(2);
  });
});

describe('"rotate" right after a lost response', () => {
  const lost: FunctionOptions = {
    intercept: async (point, call) => {
      if (point !== 'zoom.token') return call();
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
    },
  };
  let lostAt: number;
  beforeEach(async () => {
    await step('main', world.dependencies(lost), { deadline: world.deadline, early: true });
    lostAt = world.time;
    expect(await world.item('main')).toMatchObject({ lastError: { code: 'no_answer', at: lostAt } });
  });

  test('waits until Zoom cannot be working on the first request any more', async () => {
    world.pass(5);
    expect(await rotate()).toMatchObject({ outcome: 'settled' });
    expect(requests).toEqual([lostAt + 30]);
    expect(world.lines).toContainEqual(
      expect.objectContaining({ message: expect.stringMatching(/^waits until Zoom cannot be working/) }),
    );
  });

  test('waits for a response that was lost after it had read the connection', async () => {
    world.pass(60);
    let isLost = false;
    const intercept: FunctionOptions['intercept'] = async (point, call) => {
      if (point === 'store.lease' && !isLost) {
        isLost = true;
        await step('main', world.dependencies(lost), { deadline: world.deadline, early: true });
      }
      return counting.intercept?.(point, call) as never;
    };
    await rotate({ intercept });
    expect(requests).toEqual([lostAt + 60 + 30]);
  });

  test('waits though the connection was moved since, which clears its last error', async () => {
    await moveConnection({ connection: 'main', place: 'bundle_team' }, world.dependencies(), {
      deadline: world.deadline,
    });
    expect(await world.item('main')).not.toHaveProperty('lastError');
    await rotate();
    expect(requests).toEqual([lostAt + 30]);
  });

  test('sends nothing where too little time is left to wait, and says why', async () => {
    world.pass(5);
    await expect(rotate(counting, 40)).rejects.toMatchObject({
      class: 'retry',
      code: 'no_answer',
      message: expect.stringContaining('Zoom may still be working on that request'),
    });
    expect(requests).toEqual([]);
    expect(await world.item('main')).not.toHaveProperty('leaseOwner');
  });

  test('does not wait for a time that no clock can show', async () => {
    const { lastError: _, ...item } = await world.item('main');
    const wrong = { ...item, lostAt: world.time + HOUR };
    await waitOutLostResponse(wrong, world.dependencies(), world.deadline);
    expect(world.time).toBe(lostAt);
  });

  test('does not wait once half a minute has passed', async () => {
    world.pass(30);
    await rotate();
    expect(requests).toEqual([lostAt + 30]);
  });

  test('is repeated by a sweep half a minute later at the earliest', async () => {
    const { dueAt } = await world.item('main');
    expect(dueAt).toBeGreaterThanOrEqual(lostAt + 30);
    expect(dueAt).toBeLessThanOrEqual(lostAt + 60);
  });
});

describe('"rotate" refuses', () => {
  test('a disconnected connection', async () => {
    const held = await world.store.beginDisconnect('main', {
      owner: 'operator',
      now: world.time,
      until: world.time,
      disconnectedAt: world.time,
    });
    expect(held).toBeDefined();
    await expect(rotate()).rejects.toMatchObject({
      class: 'rejected',
      code: 'not_connected',
      message: '"main" was not rotated: it is disconnected.',
    });
  });

  test('a connection whose lease another function holds', async () => {
    const lease = { owner: 'a sweep', now: world.time, until: world.time + 180, early: true };
    await world.store.lease('main', lease);
    await expect(rotate()).rejects.toMatchObject({ class: 'retry', code: 'busy' });
    expect(requests).toEqual([]);
  });
});
