import { expect, test } from '@jest/globals';
import { createRateLimit } from '../../../lambdas/aws/write-rate-limit.ts';

/** A clock that moves when somebody waits. */
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

test('the first goes at once, and those that come with it one interval after the other', async () => {
  const time = clock();
  const turn = createRateLimit(50, time);
  await Promise.all([turn(), turn(), turn(), turn()]);
  expect(time.waits).toEqual([20, 40, 60]);
});

test('who comes later than its turn does not wait', async () => {
  const time = clock();
  const turn = createRateLimit(50, time);
  await turn();
  time.pass(20);
  await turn();
  expect(time.waits).toEqual([]);
});

test('a quiet time is not made up for by a burst', async () => {
  const time = clock();
  const turn = createRateLimit(50, time);
  await turn();
  time.pass(10_000);
  await Promise.all([turn(), turn()]);
  expect(time.waits).toEqual([20]);
});
