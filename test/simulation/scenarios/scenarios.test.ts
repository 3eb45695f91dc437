import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aesInOrder } from '../../support/world/aes-in-order.ts';
import { play } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

// The short forms; the whole ones: npm run simulate -- --scenario <name>.

let restore: () => void;
beforeAll(() => {
  restore = aesInOrder();
});
afterAll(() => restore());

describe('a scenario comes out as it must', () => {
  test.each(SCENARIOS)(
    '$name: $must',
    async (scenario) => {
      const { rows } = await play(scenario, true);
      expect(rows.filter(({ holds }) => !holds)).toEqual([]);
      expect(rows.length).toBeGreaterThan(0);
    },
    120_000,
  );
});
