import { expect, test } from '@jest/globals';
import { createRateLimit } from '../../../lambdas/aws/write-rate-limit.ts';

/** Creates a clock that records the waits and moves with `pass` alone. */
function clock(time = 1000) {
  const waits: number[] = [];
  return {
    waits,
    now: () => time,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    wait: async (milliseconds: number) => {
      waits.push(milliseconds);
    },
  };
}

test('of several calls at once the first resolves immediately and the others one interval apart', async () => {
  const time = clock();
  const turn = createRateLimit(50, time);
  await Promise.all([turn(), turn(), turn(), turn()]);
  expect(time.waits).toEqual([20, 40, 60]);
});

test('a call after its turn does not wait', async () => {
  const time = clock();
  const turn = createRateLimit(50, time);
  await turn();
  time.pass(20);
  await turn();
  expect(time.waits).toEqual([]);
});

test('an idle period allows no burst afterwards', async () => {
  const time = clock();
  const turn = createRateLimit(50, time);
  await turn();
  time.pass(10_000);
  await Promise.all([turn(), turn()]);
  expect(time.waits).toEqual([20]);
});
