import { beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import { LEASE_SECONDS, waitForLease, withLease } from '../../../lambdas/tokens/lease.ts';
import { World } from '../../support/world/world.ts';

const BUSY = new Failure('retry', 'busy', 'It is busy.', 'Retry.');

describe('waiting for a lease', () => {
  /** A clock that only the pauses move, and those pauses in milliseconds. */
  const start = () => {
    const pauses: number[] = [];
    let time = 0;
    const clock = {
      now: () => time,
      wait: async (milliseconds: number) => {
        pauses.push(milliseconds);
        time += milliseconds / 1000;
      },
    };
    return { clock, pauses };
  };
  /** Takes the lease at the attempt of that number. */
  const takeAt = (attempt: number) => {
    let attempts = 0;
    return async () => (++attempts < attempt ? undefined : `attempt ${attempts}`);
  };

  test('does not pause when the lease is free', async () => {
    const { clock, pauses } = start();
    expect(await waitForLease(takeAt(1), () => BUSY, clock, 60)).toBe('attempt 1');
    expect(pauses).toEqual([]);
  });

  test('doubles its pauses from 100 milliseconds to two seconds', async () => {
    const { clock, pauses } = start();
    expect(await waitForLease(takeAt(8), () => BUSY, clock, 60)).toBe('attempt 8');
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
  });

  test('throws before a pause that would last until the deadline', async () => {
    const { clock, pauses } = start();
    await expect(waitForLease(takeAt(Infinity), () => BUSY, clock, 3)).rejects.toBe(BUSY);
    expect(pauses).toEqual([100, 200, 400, 800]);
  });

  test('makes one attempt even when the deadline has passed', async () => {
    const { clock, pauses } = start();
    expect(await waitForLease(takeAt(1), () => BUSY, clock, -1)).toBe('attempt 1');
    await expect(waitForLease(takeAt(2), () => BUSY, clock, -1)).rejects.toBe(BUSY);
    expect(pauses).toEqual([]);
  });

  test('throws an error of the attempt at once', async () => {
    const { clock, pauses } = start();
    const down = () => Promise.reject(new Error('down'));
    await expect(waitForLease(down, () => BUSY, clock, 60)).rejects.toThrow('down');
    expect(pauses).toEqual([]);
  });
});

describe('work under a connection’s lease', () => {
  let world: World;
  const run = <T>(
    act: Parameters<typeof withLease<T>>[4],
    { connection = 'main', inAnyStatus = false, seconds = 60 } = {},
  ) => withLease(connection, { inAnyStatus }, world.dependencies(), world.time + seconds, act);
  const take = (owner: string, now = world.time) =>
    world.store.lease('main', { owner, now, until: now + LEASE_SECONDS, early: true });
  beforeEach(async () => {
    world = new World();
    await world.connect('main');
  });

  test('keeps every other function away while it runs, and not afterwards', async () => {
    const result = await run(async ({ leaseOwner, leaseUntil }) => {
      expect(leaseOwner).toBeDefined();
      expect(leaseUntil).toBe(world.time + LEASE_SECONDS);
      expect(await take('another')).toBeUndefined();
      return 'done';
    });
    expect(result).toBe('done');
    expect(await world.item('main')).not.toHaveProperty('leaseOwner');
    expect(await take('another')).toMatchObject({ leaseOwner: 'another' });
  });

  test('leaves to a later step what a killed one left, and nothing of its own', async () => {
    await run(async () => 'done');
    expect(await world.item('main')).not.toHaveProperty('askedAt');
    const leftAt = world.time;
    await take('a killed step');
    world.pass(LEASE_SECONDS);
    await run(async () => 'done');
    expect(await world.item('main')).toMatchObject({ askedAt: leftAt });
    expect(await world.item('main')).not.toHaveProperty('leaseOwner');
  });

  test('releases the lease when it throws', async () => {
    await expect(run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await world.item('main')).not.toHaveProperty('leaseOwner');
  });

  test('runs again with the newer item when it returns nothing, because a consent came between', async () => {
    const generations: number[] = [];
    const result = await run(async ({ generation }) => {
      generations.push(generation);
      if (generations.length > 1) return 'done';
      await world.connect('main');
      return undefined;
    });
    expect(result).toBe('done');
    expect(generations).toEqual([1, 2]);
  });

  test('starts as soon as the lease of another function has expired', async () => {
    const startedAt = world.time;
    await take('another', startedAt - LEASE_SECONDS + 10);
    expect(await run(async () => 'done')).toBe('done');
    expect(world.time).toBeGreaterThanOrEqual(startedAt + 10);
    expect(world.time).toBeLessThan(startedAt + 13);
  });

  test('never starts when another function holds the lease past the deadline: the failure is "busy"', async () => {
    await take('another');
    let isStarted = false;
    const failing = run(async () => {
      isStarted = true;
      return 'done';
    });
    await expect(failing).rejects.toMatchObject({ class: 'retry', code: 'busy' });
    expect(isStarted).toBe(false);
    expect(await world.item('main')).toMatchObject({ leaseOwner: 'another' });
  });

  test('starts for a connection that needs a new consent only with inAnyStatus', async () => {
    world.zoom.deauthorize('main');
    const held = await take('a step');
    if (!held) throw new Error('no lease');
    const lastError = {
      class: 'reconnect',
      code: 'invalid_token',
      message: 'm',
      action: 'a',
      at: 0,
    } as const;
    await world.store.fail(held, {
      status: 'reconnect',
      dueAt: world.time,
      validUntil: 0,
      failures: 1,
      lastError,
    });
    await expect(run(async () => 'done', { seconds: 1 })).rejects.toMatchObject({ code: 'busy' });
    expect(await run(async () => 'done', { inAnyStatus: true })).toBe('done');
  });
});
