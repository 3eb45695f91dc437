import '../support/services/aws-environment.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { drainBacklog } from '../../bench/scale/backlog.ts';
import { idleSweep } from '../../bench/scale/idle.ts';
import { rotationMinutes } from '../../bench/scale/jitter.ts';
import { cryptoInOrder } from '../support/world/crypto-in-order.ts';

// The small sizes of `npm run bench -- scale`.

let restore: () => void;
beforeAll(() => {
  restore = cryptoInOrder();
});
afterAll(() => restore());

test('a sweep with nothing due costs as much for a large fleet as for one connection', async () => {
  const one = await idleSweep(1);
  const many = await idleSweep(400);
  expect(one.sweep).toEqual({ requests: 4, reads: 1.5, writes: 1 });
  expect(many.sweep).toEqual(one.sweep);
  expect(one.healthCheck).toEqual({ requests: 10, reads: 4, writes: 2 });
  // Where connections wait: a query of all of them, the app's health and its first write, which notes the app's
  // credentials.
  expect(many.healthCheck).toMatchObject({ requests: 10 + 3, writes: 2 + 1 });
  // The two counts may read a page of the index (4 kB or more) that is empty for one connection.
  expect(many.healthCheck.reads).toBeLessThanOrEqual(6.5);
  expect(many.scan.reads).toBeGreaterThan(100);
});

test('the next sweeps work off a backlog larger than one sweep, the most urgent first, and reach every connection', async () => {
  const { sweeps, mostInASweep, outOfOrder, mostOutOfOrder, unreached } = await drainBacklog(2000);
  const inOrder = { sweeps: 2, outOfOrder: 0, mostOutOfOrder: 0, unreached: 0 };
  expect(mostInASweep).toBeGreaterThan(1800);
  expect({ sweeps, outOfOrder, mostOutOfOrder, unreached }).toEqual(inOrder);
});

describe('a fleet that connected within one minute', () => {
  const most = (rotation: number) =>
    Math.max(...(rotationMinutes(2000, [rotation])[0]?.minutes ?? []).map(([, share]) => share));

  test('does not rotate within one minute', () => {
    expect(most(1)).toBeLessThan(0.25);
  });

  test('spreads further with every rotation', () => {
    expect(most(6)).toBeLessThan(0.15);
    expect(most(24)).toBeLessThan(0.1);
  });
});
