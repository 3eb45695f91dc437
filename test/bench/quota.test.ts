import { describe, expect, test } from '@jest/globals';
import { quota } from '../../bench/sweep/quota.ts';

describe('the token bucket of a service', () => {
  let time = 0;
  const taken = (take: () => boolean, times: number) =>
    Array.from({ length: times }, take).filter(Boolean).length;

  test('starts with a single token, as in the middle of a backlog', () => {
    expect(
      taken(
        quota(50, () => time),
        10,
      ),
    ).toBe(1);
  });

  test('accepts one more request every fiftieth of a second', () => {
    const take = quota(50, () => time);
    taken(take, 1);
    time += 100;
    expect(taken(take, 10)).toBe(5);
    time += 19;
    expect(taken(take, 1)).toBe(0);
    time += 1;
    expect(taken(take, 10)).toBe(1);
  });

  test('holds at most the tokens of one second', () => {
    const take = quota(50, () => time);
    taken(take, 1);
    time += 60_000;
    expect(taken(take, 100)).toBe(50);
  });
});
