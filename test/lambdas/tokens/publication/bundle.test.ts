import { expect, test } from '@jest/globals';
import {
  bytesOf,
  hasRoomFor,
  newBundle,
  withLease,
  withMember,
} from '../../../../lambdas/tokens/publication/bundle.ts';

const SIZE = { mostBytes: 2000 };

test('a new member is expected to need a token of 900 bytes until a larger one was seen', () => {
  const one = withMember(newBundle('sales'), 'anna', { since: 1, bytes: 910, ...SIZE });
  expect(one).toBeDefined();
  expect(hasRoomFor({ ...newBundle('sales'), ...one }, 'ben', 2000)).toBe(true);
  expect(hasRoomFor({ ...newBundle('sales'), ...one, largestToken: 1200 }, 'ben', 2000)).toBe(false);
});

test('a member that does not fit is not added, and one that is in it stays', () => {
  const full =
    withMember(newBundle('sales'), 'anna', { since: 1, bytes: 1900, ...SIZE }) ?? newBundle('sales');
  expect(withMember(full, 'ben', { since: 2, bytes: 910, ...SIZE })).toBeUndefined();
  expect(withMember(full, 'anna', { since: 2, bytes: 910, ...SIZE })).toBe(full);
  expect(bytesOf(full)).toBe(1901);
});

test('a bundle has one publisher at a time', () => {
  const leased = withLease(newBundle('sales'), { owner: 'a', until: 200 }, 20) ?? newBundle('sales');
  expect(withLease(leased, { owner: 'b', until: 300 }, 199)).toBeUndefined();
  expect(withLease(leased, { owner: 'b', until: 300 }, 200)?.lease?.owner).toBe('b');
  expect(withLease(leased, { owner: 'a', until: 300 }, 100)?.lease?.until).toBe(300);
});
