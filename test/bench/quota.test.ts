import { describe, expect, test } from '@jest/globals';
import { quota } from '../../bench/sweep/quota.ts';

describe('the quota of a service', () => {
  let time = 0;
  const taken = (take: () => boolean, times: number) =>
    Array.from({ length: times }, take).filter(Boolean).length;

  test('finds the first request amid a backlog: it has no token but its own', () => {
    expect(
      taken(
        quota(50, () => time),
        10,
      ),
    ).toBe(1);
  });

  test('takes one request more each fiftieth of a second', () => {
    const take = quota(50, () => time);
    taken(take, 1);
    time += 100;
    expect(taken(take, 10)).toBe(5);
    time += 19;
    expect(taken(take, 1)).toBe(0);
    time += 1;
    expect(taken(take, 10)).toBe(1);
  });

  test('saves up no more than a second’s worth', () => {
    const take = quota(50, () => time);
    taken(take, 1);
    time += 60_000;
    expect(taken(take, 100)).toBe(50);
  });
});
