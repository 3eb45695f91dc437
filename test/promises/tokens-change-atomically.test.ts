import { beforeEach, describe, expect, test } from '@jest/globals';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import type { Intercept } from '../support/world/world.ts';
import { openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
beforeEach(async () => {
  ({ world } = await openFleet());
});

describe('Tokens change atomically', () => {
  test('at every call of a rotation, the table holds one complete token set and n8n reads one complete token', async () => {
    const seen = new Set<string>();
    const intercept: Intercept = async (_point, call) => {
      const { expiresAt } = await world.item('one');
      const tokens = await world.tokens('one');
      expect(tokens.expiresAt).toBe(expiresAt);
      expect(world.zoom.secrets).toContain(world.published('one'));
      seen.add(`${tokens.accessToken} ${tokens.refreshToken}`);
      return call();
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(seen.size).toBe(2);
  });
});
