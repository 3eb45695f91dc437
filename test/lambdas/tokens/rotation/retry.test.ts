import { expect, test } from '@jest/globals';
import { retryUntil } from '../../../../lambdas/tokens/rotation/retry.ts';

const DEADLINE = 60;

/** A clock that only the pauses move, and those pauses in milliseconds. */
function start() {
  const pauses: number[] = [];
  let time = 0;
  const wait = async (milliseconds: number) => {
    pauses.push(milliseconds);
    time += milliseconds / 1000;
  };
  return { clock: { now: () => time, wait }, pauses };
}
const failing = () => Promise.reject(new Error('down'));

test('retries pause for 100 milliseconds first, and for two seconds at most', async () => {
  const { clock, pauses } = start();
  let attempts = 0;
  const seventh = () => (++attempts < 7 ? failing() : Promise.resolve('done'));
  expect(await retryUntil(DEADLINE, seventh, clock)).toBe('done');
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 2000]);
});

test('retries end two seconds before the deadline, with the last error', async () => {
  const { clock } = start();
  await expect(retryUntil(DEADLINE, failing, clock)).rejects.toThrow('down');
  expect(clock.now()).toBeLessThan(DEADLINE - 2);
  expect(clock.now()).toBeGreaterThanOrEqual(DEADLINE - 4);
});

test('one attempt is made after the deadline too', async () => {
  const { clock, pauses } = start();
  expect(await retryUntil(-1, async () => 'done', clock)).toBe('done');
  await expect(retryUntil(-1, failing, clock)).rejects.toThrow('down');
  expect(pauses).toEqual([]);
});
