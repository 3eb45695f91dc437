import { beforeEach, describe, expect, test } from '@jest/globals';
import { LEASE_SECONDS } from '../../lambdas/tokens/lease.ts';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import { ZOOM_TIMEOUT_SECONDS } from '../../lambdas/tokens/time-budget.ts';
import type { FunctionOptions, Intercept } from '../support/world/world.ts';
import { openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
beforeEach(async () => {
  ({ world } = await openFleet());
});

describe('No avoidable loss', () => {
  test('the commit is the first call after Zoom’s response', async () => {
    const points: string[] = [];
    const intercept: Intercept = (point, call) => {
      points.push(point);
      return call();
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(points[points.indexOf('zoom.token') + 1]).toBe('store.commitRotation');
  });

  test('Zoom gets no request when its slowest response would leave too little time to store the tokens', async () => {
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

  test('after a lost response the second refusal of the spent refresh token is believed, and the log says so', async () => {
    const lost: FunctionOptions = {
      intercept: async (point, call) => {
        const result = await call();
        if (point === 'zoom.token') throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } });
        return result;
      },
    };
    await step('one', world.dependencies(lost), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'active', lastError: { code: 'no_answer' } });
    const lostAt = world.time;
    world.pass(60);
    await step('one', world.dependencies(), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({
      status: 'active',
      lostAt,
      lastError: { code: 'suspect' },
    });
    world.pass(300);
    await step('one', world.dependencies(), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'reconnect', lostAt });
    expect(world.zoom.refusals).toBe(2);
    expect(world.lines.at(-1)).toMatchObject({
      level: 'error',
      message: expect.stringContaining('A response of Zoom was lost at 2030-01-01 00:50 UTC'),
      details: { connection: 'one', generation: 1, version: 1, class: 'reconnect', code: 'response_lost' },
    });
  });

  test('a DynamoDB that is down from Zoom’s answer until after the deadline costs no connection', async () => {
    let isGranted = false;
    const down: FunctionOptions = {
      intercept: async (point, call) => {
        if (isGranted && point.startsWith('store.')) throw new Error('down');
        const answer = await call();
        if (point === 'zoom.token') isGranted = true;
        return answer;
      },
    };
    await step('one', world.dependencies(down), { deadline: world.deadline });
    world.pass(LEASE_SECONDS);
    await step('one', world.dependencies(), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'active', version: 2, publishedVersion: 2 });
    expect(world.zoom.isLiving('one', (await world.tokens('one')).refreshToken)).toBe(true);
    expect(world.published('one')).toBe((await world.tokens('one')).accessToken);
    expect(world.zoom.refusals).toBe(0);
  });
});
