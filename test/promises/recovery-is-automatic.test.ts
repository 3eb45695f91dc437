import { beforeEach, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import { deriveSealingPair } from '../../lambdas/tokens/sealing/sealing-pair.ts';
import type { Intercept } from '../support/world/world.ts';
import { openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
beforeEach(async () => {
  ({ world, run } = await openFleet());
});

describe('Recovery is automatic', () => {
  const points = ['store.lease', 'zoom.token', 'store.commitRotation', 'vault.publish', 'store.settle'];

  test.each(points)('after a function was killed before %s', async (where) => {
    let kill = () => {};
    const killed = new Promise<void>((resolve) => {
      kill = resolve;
    });
    let isKilled = false;
    const intercept: Intercept = (point, call) => {
      // What else is under way in the function stops as well, such as the write to the rescue store.
      if (!isKilled && point !== where) return call();
      isKilled = true;
      kill();
      return new Promise(() => {});
    };
    await Promise.race([
      step('one', world.dependencies({ intercept }), { deadline: world.deadline }),
      killed,
    ]);
    for (let minute = 0; minute < 10; minute += 1) {
      world.pass(60);
      await run();
    }
    // Only a kill between Zoom's response and either write loses the token: the user must consent again.
    const { status, version, publishedVersion } = await world.item('one');
    expect(status).toBe(where === 'store.commitRotation' ? 'reconnect' : 'active');
    expect(publishedVersion).toBe(version);
  });

  test('after the sealing key was replaced: the previous key still opens, and the next commit seals with the new key', async () => {
    world.vault.seeds.unshift('a new seed');
    await run();
    const { sealedTokens } = await world.item('one');
    expect(decodeProtectedHeader(sealedTokens).kid).toBe((await deriveSealingPair('a new seed')).id);
    expect(world.zoom.isLiving('one', (await world.tokens('one')).refreshToken)).toBe(true);
  });
});
