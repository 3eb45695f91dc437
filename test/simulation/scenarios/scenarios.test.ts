import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cryptoInOrder } from '../../support/world/crypto-in-order.ts';
import { play } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

// The short forms; the whole ones: npm run simulate -- --scenario <name>.

let restore: () => void;
beforeAll(() => {
  restore = cryptoInOrder();
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
