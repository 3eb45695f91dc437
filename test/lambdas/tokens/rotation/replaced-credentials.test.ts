import { expect, test } from '@jest/globals';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { World } from '../../../support/world/world.ts';

const MINUTE = 60;

test('a warm function uses replaced credentials within 60 s, and no other afterwards', async () => {
  const world = new World();
  const deps = world.dependencies();
  const used: string[] = [];
  const zoom = {
    ...deps.zoom,
    refresh: (...[app, token]: Parameters<typeof deps.zoom.refresh>) => {
      used.push(app.clientSecret);
      return deps.zoom.refresh(app, token);
    },
  };
  await world.connect('main', deps);
  for (let minute = 0; minute < 3 * 60; minute += 1) {
    if (minute === 90) {
      // Zoom still accepts the old secret: only the cache's age makes the function read the new one.
      world.appSecret = 'replaced';
      used.length = 0;
      world.pass(MINUTE);
      world.zoom.clientSecret = 'replaced';
    }
    await sweep({ ...deps, zoom }, { deadline: world.deadline });
    world.pass(MINUTE);
  }
  expect(used.length).toBeGreaterThan(0);
  expect(new Set(used)).toEqual(new Set(['replaced']));
  expect(world.zoom.accepts(world.published('main'))).toBe(true);
});
