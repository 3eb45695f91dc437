import { beforeEach, expect, test } from '@jest/globals';
import { runStarted } from '../../../../lambdas/tokens/start/run-started.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connect('main');
  await world.runStarted();
  world.started.length = 0;
});

const run = (intercept?: Intercept) =>
  runStarted(
    { start: 'connection', connection: 'main' },
    world.dependencies({ ...(intercept && { intercept }) }),
    { deadline: world.deadline },
  );
const failing =
  (name: string): Intercept =>
  (point, call) =>
    point === name ? Promise.reject(new Error('down')) : call();

test('a start makes the step that is due, and a repetition finds nothing to do', async () => {
  world.pass(3600 - 300);
  expect(await run()).toMatchObject({ rotated: 1, published: 1 });
  expect(await run()).toMatchObject({ rotated: 0, published: 0 });
});

test('a lease that could not be taken counts as a failed step, and is logged with the connection', async () => {
  expect(await run(failing('store.lease'))).toMatchObject({ rotated: 0, failed: { retry: 1 } });
  expect(world.lines.at(-1)).toMatchObject({ level: 'warn', details: { connection: 'main' } });
});

test('a disconnection that was left is completed, and is no step', async () => {
  const { generation } = await world.item('main');
  const lease = { owner: 'callback', now: world.time, until: world.time + 180 };
  const held = await world.store.beginDisconnect('main', {
    ...{ ...lease, disconnectedAt: world.time, generation },
  });
  if (held) await world.store.leaveDisconnect(held, { dueAt: world.time });
  expect(await run()).toMatchObject({ rotated: 0, failed: { retry: 0 } });
  expect(await world.item('main')).toMatchObject({ status: 'disconnected', sealedTokens: '' });
  expect(world.zoom.hasLiving('main')).toBe(false);
});

test('people are told that a connection of which they were alerted is well again', async () => {
  await world.store.noteAlert(await world.item('main'), world.time);
  world.pass(3600 - 300);
  await run();
  expect(world.recoveries).toEqual([['main']]);
  expect((await world.item('main')).alertedAt).toBeUndefined();
});
