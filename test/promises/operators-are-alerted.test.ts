import { beforeEach, describe, expect, test } from '@jest/globals';
import { rotateNow } from '../../lambdas/tokens/operate/rotate-now.ts';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import { REMINDER_SECONDS } from '../../lambdas/tokens/schedule.ts';
import type { FunctionOptions } from '../support/world/world.ts';
import { FLEET, openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

/** Sweeps each minute for so many minutes. */
const sweepFor = async (minutes: number) => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await run();
    world.pass(60);
  }
};

/** Options with which one call fails. */
const failing = (where: string): FunctionOptions => ({
  intercept: (point, call) => (point === where ? Promise.reject(new Error('down')) : call()),
});

/** Users remove the app. A sweep finds suspects, and five minutes later the next refusal confirms it. */
const refuseOnce = async (...users: string[]) => {
  for (const user of users) world.zoom.deauthorize(user);
  await run();
  world.pass(300);
};

describe('Operators are alerted', () => {
  test('by the sweep that confirms the refusals, in one message, about all connections that have come to need a new consent', async () => {
    await refuseOnce('one', 'two');
    expect(world.alerts).toEqual([]);
    await run();
    expect(world.alerts).toEqual([['one', 'two']]);
    expect(world.incidents).toEqual([]);
  });

  test('once a day, not in every sweep, for as long as a connection needs a new consent', async () => {
    await refuseOnce('one');
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
    await refuseOnce('one');
    await step('one', world.dependencies(), { deadline: world.deadline, early: true });
    await run();
    expect(world.alerts).toEqual([['one']]);
  });

  test('by the next sweep although an operator’s rotation was refused again before the alert could be sent', async () => {
    await refuseOnce('one');
    await step('one', world.dependencies(), { deadline: world.deadline, early: true });
    const byHand = rotateNow('one', world.dependencies(), { deadline: world.deadline });
    await expect(byHand).rejects.toMatchObject({ message: expect.stringMatching(/^Zoom refused again/) });
    await run();
    expect(world.alerts).toEqual([['one']]);
  });

  test('of a connection that comes to wait for them, although they were alerted of its expired token before', async () => {
    world.zoom.isDown = true;
    await sweepFor(30);
    expect(world.expiries).toEqual([[...FLEET].sort()]);
    world.zoom.isDown = false;
    world.zoom.deauthorize('one');
    await sweepFor(15);
    expect(await world.item('one')).toMatchObject({ status: 'reconnect' });
    expect(world.alerts).toEqual([['one']]);
  });

  test.each(['alerts.reconnectNeeded', 'store.getAll', 'store.snoozeAlert'])(
    'by a later sweep when %s fails, and the rest of the sweep goes on',
    async (where) => {
      await refuseOnce('one');
      expect(await run(failing(where))).toMatchObject({ failed: { reconnect: 1 } });
      expect(world.lines).toContainEqual({
        level: 'error',
        message: expect.stringMatching(/^An alert could not be sent\. The next sweep repeats it\./),
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
    await refuseOnce('one');
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
    await refuseOnce('one');
    const meanwhile: FunctionOptions = {
      intercept: async (point, call) => {
        const result = await call();
        if (point === 'store.fail') await world.connect('one');
        return result;
      },
    };
    expect(await run(meanwhile)).toMatchObject({ failed: { reconnect: 1 } });
    await run();
    expect(world.alerts).toEqual([]);
    expect(await world.item('one')).toMatchObject({ status: 'active', generation: 2 });
  });
});
