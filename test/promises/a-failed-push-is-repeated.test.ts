import { beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_MARGINS, rotateAt } from '../../lambdas/tokens/schedule.ts';
import type { FunctionOptions } from '../support/world/world.ts';
import { FLEET, openFleet } from './fleet.ts';

const HOUR = 3600;

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
let items: Awaited<ReturnType<typeof openFleet>>['items'];
beforeEach(async () => {
  ({ world, run, items } = await openFleet());
});

describe('A failed push is repeated', () => {
  const PUSH_POINTS = ['settings.read', 'n8n.fetch'];
  const pushes = () => Promise.all(FLEET.map((name) => world.pushed(name)));
  const stored = () => Promise.all(FLEET.map(async (name) => (await world.tokens(name)).accessToken));
  beforeEach(async () => {
    for (const name of FLEET) await world.link(name);
  });

  test.each(PUSH_POINTS)(
    'until it succeeds, without another request to Zoom, when %s fails',
    async (where) => {
      const points: string[] = [];
      const down: FunctionOptions = {
        intercept: (point, call) => {
          points.push(point);
          return point === where ? Promise.reject(new Error('down')) : call();
        },
      };
      for (let minute = 0; minute < 15; minute += 1) {
        await run(down);
        world.pass(60);
      }
      const count = (point: string) => points.filter((each) => each === point).length;
      expect(count(where)).toBeGreaterThan(FLEET.length);
      for (const once of ['zoom.token', 'vault.publish']) expect(count(once)).toBe(FLEET.length);
      expect(await items()).toEqual(
        FLEET.map(() => expect.objectContaining({ status: 'active', failures: 0, publishedVersion: 2 })),
      );

      world.pass(300);
      expect(await run()).toMatchObject({ rotated: 0, published: 0, pushed: FLEET.length });
      expect(await pushes()).toEqual(await stored());
    },
  );

  test('only until it succeeds: after the measurement of the overlap, the next step is the next rotation', async () => {
    await run();
    for (const { dueAt, measureAt } of await items()) expect(dueAt).toBe(measureAt);
    world.pass(60);
    await run();
    for (const item of await items()) expect(item.dueAt).toBe(rotateAt(item, DEFAULT_MARGINS));
  });

  test('even while Zoom is down', async () => {
    world.n8n.isDown = true;
    await run();
    world.zoom.isDown = true;
    world.pass(HOUR / 2);
    world.n8n.isDown = false;
    expect(await run()).toMatchObject({ rotated: 0, pushed: FLEET.length });
    expect(await pushes()).toEqual(await stored());
  });

  test('even while Secrets Manager is down', async () => {
    const down: FunctionOptions = {
      intercept: (point, call) => (point === 'vault.publish' ? Promise.reject(new Error('down')) : call()),
    };
    expect(await run(down)).toMatchObject({ publishFailed: FLEET.length, pushed: FLEET.length });
    expect(await pushes()).toEqual(await stored());
    world.pass(60);
    expect(await run()).toMatchObject({ published: FLEET.length, pushed: 0 });
  });
});
