import { describe, expect, test } from '@jest/globals';
import { toFailure } from '../../../../lambdas/tokens/errors.ts';
import { rotateNow } from '../../../../lambdas/tokens/operate/rotate-now.ts';
import type { Margins } from '../../../../lambdas/tokens/schedule.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { rejectionOf } from '../../../support/rejection.ts';
import { World } from '../../../support/world/world.ts';

const MINUTE = 60;

/** Sweeps each minute for 26 hours. Returns the minutes at which n8n had no living token. */
async function sweepFor26Hours(world: World, margins: Margins): Promise<number> {
  const deps = { ...world.dependencies(), margins };
  let gaps = 0;
  for (let minute = 0; minute < 26 * 60; minute += 1) {
    world.pass(MINUTE);
    await sweep(deps, { deadline: world.deadline });
    if (!world.zoom.accepts(world.published('main'))) gaps += 1;
  }
  return gaps;
}

describe('in 26 hours of sweeps, Secrets Manager refuses no publication and n8n always has a living token', () => {
  test.each([
    { lifetime: 3600, margin: 1800 },
    { lifetime: 3600, margin: 2400 },
    { lifetime: 3600, margin: 3000 },
    { lifetime: 1800, margin: 2400 },
    { lifetime: 1200, margin: 600 },
    { lifetime: 1200, margin: 2400 },
  ])(
    'with tokens of $lifetime s and margins of $margin s',
    async ({ lifetime, margin }) => {
      const world = new World();
      world.zoom.lifetime = lifetime;
      world.zoom.expiresIn = lifetime;
      await world.connect('main');
      const gaps = await sweepFor26Hours(world, { late: margin, overlapping: margin });
      expect({ gaps, refused: world.vault.refused }).toEqual({ gaps: 0, refused: 0 });
    },
    60_000,
  );

  test('also after rotations by hand until they are refused', async () => {
    const world = new World();
    await world.connect('main');
    const deps = world.dependencies();
    const rotate = () => rotateNow('main', deps, { deadline: world.deadline });
    let rotations = 0;
    let failure: unknown;
    while (failure === undefined && rotations < 200) {
      failure = await rotate().then(
        () => undefined,
        (error) => error,
      );
      rotations += 1;
    }
    expect(toFailure(failure)).toMatchObject({ class: 'rejected', code: 'version_quota' });
    expect(rotations).toBeGreaterThan(50);
    const gaps = await sweepFor26Hours(world, deps.margins);
    expect({ gaps, refused: world.vault.refused }).toEqual({ gaps: 0, refused: 0 });
  });
});

test('a refused rotation by hand does not ask Zoom', async () => {
  const world = new World();
  await world.connect('main');
  let requests = 0;
  const deps = world.dependencies({
    intercept: (point, call) => {
      if (point === 'zoom.token') requests += 1;
      return call();
    },
  });
  const rotate = () => rotateNow('main', deps, { deadline: world.deadline });
  let made = 0;
  while (
    await rotate().then(
      () => true,
      () => false,
    )
  )
    made += 1;
  expect(requests).toBe(made);
  expect(toFailure(await rejectionOf(rotate()))).toMatchObject({ code: 'version_quota' });
  expect(requests).toBe(made);
});

test('a refused publication is retried every 15 minutes until there is room', async () => {
  const world = new World();
  await world.connect('main');
  // Another writer has used up the quota.
  const environment = world.vault.environment();
  for (let n = 0; n < 99; n += 1) await environment.publish('main', `foreign ${n}`, `foreign-${n}`);
  const gaps = await sweepFor26Hours(world, world.dependencies().margins);
  expect(gaps).toBeGreaterThan(0);
  expect(world.vault.refused).toBeLessThanOrEqual(24 * 4);
  expect(world.zoom.accepts(world.published('main'))).toBe(true);
  expect((await world.item('main')).lastError).toBeUndefined();
});

test('tokens that live 15 minutes leave gaps, in which the error of the connection names the quota', async () => {
  const world = new World();
  world.zoom.lifetime = 900;
  world.zoom.expiresIn = 900;
  await world.connect('main');
  const deps = world.dependencies();
  const codes = new Set<string | undefined>();
  let gaps = 0;
  for (let minute = 0; minute < 26 * 60; minute += 1) {
    world.pass(MINUTE);
    await sweep(deps, { deadline: world.deadline });
    if (world.zoom.accepts(world.published('main'))) continue;
    gaps += 1;
    codes.add((await world.item('main')).lastError?.code);
  }
  expect(gaps).toBeGreaterThan(0);
  expect(gaps).toBeLessThan(12 * 60);
  expect(codes).toEqual(new Set(['version_quota']));
});
