import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, expect, test } from '@jest/globals';
import type { SweepDependencies } from '../../../../lambdas/tokens/dependencies.ts';
import { createAppMonitor } from '../../../../lambdas/tokens/judgement/app-monitor.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

const names = Array.from({ length: 14 }, (_, index) => `c${index}`);
let world: World;
/** Requests to n8n that wait for their response. */
let waiting: (() => void)[];
let deps: SweepDependencies;

const slow: FunctionOptions['intercept'] = async (point, call) => {
  if (point === 'n8n.fetch') await new Promise<void>((resolve) => waiting.push(resolve));
  return call();
};

/** Runs a step of each connection at once; n8n responds when all others have ended, after 4.9 s. */
async function stepAll(early = true): Promise<number> {
  let ended = 0;
  const apps = createAppMonitor(deps);
  const steps = names.map(async (name) => {
    await step(name, deps, { deadline: world.deadline, early, apps });
    ended += 1;
  });
  while (ended + waiting.length < names.length) await nextTurn();
  const requests = waiting.length;
  world.pass(4.9);
  for (const respond of waiting.splice(0)) respond();
  await Promise.all(steps);
  return requests;
}
/** The connections whose token n8n does not have yet. */
const behind = async () => {
  const items = await Promise.all(names.map((name) => world.item(name)));
  return items.filter(({ targets = [], version }) => targets[0]?.pushedVersion !== version);
};

beforeEach(async () => {
  world = new World();
  waiting = [];
  for (const name of names) {
    await world.connect(name);
    await world.link(name);
  }
  world.time = Math.ceil(world.time);
  deps = world.dependencies({ intercept: slow });
});

test('an n8n that has not responded yet gets at most ten pushes at a time', async () => {
  expect(await stepAll()).toBe(10);
  expect(await behind()).toHaveLength(4);
});

test('a push without room is put off for less than a minute, which is no failure', async () => {
  const { time } = world;
  await stepAll();
  for (const { targets: [target] = [] } of await behind()) {
    expect(target).toMatchObject({ failures: 0, pushedVersion: 1, retryAt: time + 30 });
    expect(target?.lastError).toBeUndefined();
  }
  expect(world.lines.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('the rotation whose push is put off is published, and the connection is due again for the push', async () => {
  await stepAll();
  for (const item of await behind()) {
    expect(item).toMatchObject({ status: 'active', failures: 0, version: 2, publishedVersion: 2 });
    expect(item.dueAt).toBeLessThanOrEqual(item.targets?.[0]?.retryAt ?? 0);
  }
});

test('a slow n8n gets at most four pushes at a time, until it has all tokens', async () => {
  await stepAll();
  world.time = Math.ceil(world.time) + 60;
  expect(await stepAll()).toBe(4);
  for (let round = 0; (await behind()).length > 0 && round < 5; round += 1) {
    world.time = Math.ceil(world.time) + 60;
    expect(await stepAll(false)).toBeLessThanOrEqual(4);
  }
  expect(await behind()).toEqual([]);
});
