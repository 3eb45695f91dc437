import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { fastClock, manualClock } from '../../local/clock.ts';

const NOW = 1_800_000_000;

beforeEach(() => {
  jest.useFakeTimers({ now: NOW * 1000 });
});

afterEach(() => {
  jest.useRealTimers();
});

test('a fast clock starts at the present time and advances an hour in 30 seconds at a speed of 120', () => {
  const now = fastClock(120);
  expect(now()).toBe(NOW);
  jest.advanceTimersByTime(30_000);
  expect(now()).toBe(NOW + 3600);
});

test('a fast clock returns whole seconds', () => {
  const now = fastClock(1);
  jest.advanceTimersByTime(1999);
  expect(now()).toBe(NOW + 1);
});

test('a manual clock starts at the present time and moves only when it is advanced', () => {
  const clock = manualClock();
  jest.advanceTimersByTime(60_000);
  expect(clock.now()).toBe(NOW);
  clock.advance(90);
  expect(clock.now()).toBe(NOW + 90);
});
