import { beforeEach, describe, expect, test } from '@jest/globals';
import type { FunctionOptions } from '../support/world/world.ts';
import { FLEET, openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

describe('A failed publication is repeated', () => {
  test('until it succeeds, without another request to Zoom', async () => {
    let requests = 0;
    const down: FunctionOptions = {
      intercept: (point, call) => {
        if (point === 'zoom.token') requests += 1;
        return point === 'vault.publish' ? Promise.reject(new Error('down')) : call();
      },
    };
    for (let minute = 0; minute < 20; minute += 1) {
      await run(down);
      world.pass(60);
    }
    expect(requests).toBe(FLEET.length);
    world.pass(300);
    expect(await run()).toMatchObject({ rotated: 0, published: FLEET.length });
  });
});
