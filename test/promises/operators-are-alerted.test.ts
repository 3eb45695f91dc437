import { beforeEach, describe, expect, test } from '@jest/globals';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import { REMINDER_SECONDS } from '../../lambdas/tokens/schedule.ts';
import type { FunctionOptions } from '../support/world/world.ts';
import { openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

/** Options with which one call fails. */
const failing = (where: string): FunctionOptions => ({
  intercept: (point, call) => (point === where ? Promise.reject(new Error('down')) : call()),
});

describe('Operators are alerted', () => {
  test('at once, in one message, about all connections that have come to need a new consent', async () => {
    world.zoom.deauthorize('one');
    world.zoom.deauthorize('two');
    await run();
    expect(world.alerts).toEqual([['one', 'two']]);
  });

  test('once a day, not in every sweep, for as long as a connection needs a new consent', async () => {
    world.zoom.deauthorize('one');
    await run();
    for (let minute = 1; minute < 60; minute += 1) {
      world.pass(60);
      await run();
    }
    expect(world.alerts).toEqual([['one']]);
    world.pass(REMINDER_SECONDS);
    await run();
    expect(world.alerts).toEqual([['one'], ['one']]);
    await world.connect('one');
    world.pass(2 * REMINDER_SECONDS);
    await run();
    expect(world.alerts).toHaveLength(2);
  });

  test('by the next sweep when an operator’s rotation has found the dead refresh token', async () => {
    world.zoom.deauthorize('one');
    await step('one', world.dependencies(), { deadline: world.deadline, early: true });
    await run();
    expect(world.alerts).toEqual([['one']]);
  });

  test.each(['alerts.reconnectNeeded', 'store.get', 'store.snoozeAlert'])(
    'by a later sweep when %s fails, and the rest of the sweep goes on',
    async (where) => {
      world.zoom.deauthorize('one');
      expect(await run(failing(where))).toMatchObject({ rotated: 4, failed: { reconnect: 1 } });
      expect(world.lines).toContainEqual({
        level: 'error',
        message: expect.stringMatching(/^No alert could be sent; the next sweep tries again\./),
        details: { class: 'retry', code: 'unexpected' },
      });
      const before = world.alerts.length;
      await run();
      expect(world.alerts.slice(before)).toEqual([['one']]);
      await run();
      expect(world.alerts).toHaveLength(before + 1);
    },
  );

  test('by the next sweep when the function was killed after it had marked the connection for reconnect', async () => {
    world.zoom.deauthorize('one');
    let kill = () => {};
    const killed = new Promise<void>((resolve) => {
      kill = resolve;
    });
    const dying: FunctionOptions = {
      intercept: (point, call) => {
        if (point !== 'alerts.reconnectNeeded') return call();
        kill();
        return new Promise(() => {});
      },
    };
    await Promise.race([run(dying), killed]);
    await run();
    expect(world.alerts).toEqual([['one']]);
  });

  test('never about a connection that has been connected again in the meantime', async () => {
    world.zoom.deauthorize('one');
    const meanwhile: FunctionOptions = {
      intercept: async (point, call) => {
        const result = await call();
        if (point === 'store.fail') await world.connect('one');
        return result;
      },
    };
    await run(meanwhile);
    await run();
    expect(world.alerts).toEqual([]);
    expect(await world.item('one')).toMatchObject({ status: 'active' });
  });
});
