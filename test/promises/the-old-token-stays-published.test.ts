import { beforeEach, describe, expect, test } from '@jest/globals';
import { FLEET, openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

describe('The old token stays published', () => {
  test('until it expires while Zoom is down, and the first sweeps after the outage publish a new one', async () => {
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
