import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import {
  AMBIGUOUS_SECONDS,
  backOff,
  DEFAULT_MARGINS,
  JITTER_SECONDS,
  nextAttempt,
  rotateAt,
} from '../../../lambdas/tokens/schedule.ts';

const NOON = 1_900_000_000;
const connection = { connection: 'main', version: 1, expiresAt: NOON + 3600, overlap: 'unknown' as const };

describe('the time of a rotation', () => {
  const names = fc.stringMatching(/^[a-z][a-z0-9_]{0,39}$/);

  test('is late, at least ten minutes before the token expires, when a refresh may end the old token', () => {
    fc.assert(
      fc.property(
        names,
        fc.nat(),
        fc.constantFrom('no' as const, 'unknown' as const),
        (name, version, overlap) => {
          const before =
            connection.expiresAt -
            rotateAt({ ...connection, connection: name, version, overlap }, DEFAULT_MARGINS);
          expect(before).toBeGreaterThanOrEqual(600);
          expect(before).toBeLessThan(600 + JITTER_SECONDS);
        },
      ),
    );
  });

  test('is at half-life when the old token outlives a refresh, so that n8n’s token has at least 25 minutes left', () => {
    fc.assert(
      fc.property(names, fc.nat(), (name, version) => {
        const item = { ...connection, connection: name, version, overlap: 'yes' as const };
        const before = connection.expiresAt - rotateAt(item, DEFAULT_MARGINS);
        expect(before).toBeGreaterThanOrEqual(1800);
        expect(before).toBeLessThan(1800 + JITTER_SECONDS);
      }),
    );
  });

  test('is the same whichever function computes it', () => {
    expect(rotateAt(connection, DEFAULT_MARGINS)).toBe(rotateAt({ ...connection }, DEFAULT_MARGINS));
  });

  test('spreads connections that connected in the same minute over five minutes', () => {
    const minutes = new Map<number, number>();
    for (let i = 0; i < 1000; i += 1) {
      const minute = Math.floor(rotateAt({ ...connection, connection: `c${i}` }, DEFAULT_MARGINS) / 60);
      minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
    }
    expect(Math.max(...minutes.values())).toBeLessThan(300);
  });
});

describe('the wait before a retry', () => {
  const failure = fc.record({
    class: fc.constantFrom('retry' as const, 'rejected' as const),
    retryAfter: fc.option(fc.nat({ max: 100_000 }), { nil: undefined }),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('lasts from one second to five minutes, or as long as Retry-After asks, up to an hour', () => {
    fc.assert(
      fc.property(failure, fc.integer({ min: 1, max: 5000 }), random, (error, failures, x) => {
        const seconds = backOff(error, failures, x);
        const requested = Math.min(error.retryAfter ?? 0, 3600);
        expect(seconds).toBeGreaterThanOrEqual(Math.max(1, requested));
        expect(seconds).toBeLessThanOrEqual(Math.max(300, requested));
        expect(Number.isInteger(seconds)).toBe(true);
      }),
    );
  });

  test('is zero when a new consent is needed, so that the alert is due at once', () => {
    expect(backOff({ class: 'reconnect' }, 1, 0.9)).toBe(0);
  });

  test('doubles with every failure up to five minutes', () => {
    const ceilings = [1, 2, 3, 4, 5, 50].map((failures) => backOff({ class: 'retry' }, failures, 0.999_999));
    expect(ceilings).toEqual([30, 60, 120, 240, 300, 300]);
  });

  test('is 1, 2, 4, 8 and then 15 minutes while the operator has something to fix', () => {
    const waits = [1, 2, 3, 4, 5, 6, 50].map((failures) =>
      backOff({ class: 'misconfigured' }, failures, 0.5),
    );
    expect(waits.map((seconds) => seconds / 60)).toEqual([1, 2, 4, 8, 15, 15, 15]);
  });
});

describe('the next attempt', () => {
  const LONGEST = 0.999_999;
  const failed = (...[failureClass, code, retryAfter]: [Failure['class'], Failure['code'], number?]) =>
    new Failure(failureClass, code, 'It failed.', 'Wait.', retryAfter);
  const attempt = (error: unknown, left: number, { failures = 50, random = LONGEST } = {}) =>
    nextAttempt({ validUntil: NOON + left }, error, failures, NOON, random) - NOON;

  test('of a retry never waits past the last two minutes of the published token', () => {
    fc.assert(
      fc.property(fc.integer({ min: 121, max: 3600 }), fc.nat({ max: 7200 }), (left, retryAfter) => {
        const seconds = attempt(failed('retry', 'zoom_unavailable', retryAfter), left);
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThanOrEqual(left - 120);
      }),
    );
  });

  test('waits as long as Retry-After asks once the last two minutes have begun', () => {
    expect(attempt(failed('retry', 'rate_limited', 900), 120)).toBe(900);
    expect(attempt(failed('retry', 'rate_limited', 900), -60)).toBe(900);
  });

  test('after a lost response waits until Zoom cannot be working on the request any more', () => {
    expect(AMBIGUOUS_SECONDS).toBe(30);
    const soonest = { failures: 1, random: 0 };
    expect(attempt(failed('retry', 'no_answer'), 600, soonest)).toBe(30);
    expect(attempt(failed('retry', 'no_answer'), 125, soonest)).toBe(30);
    expect(attempt(failed('retry', 'no_answer'), -600, soonest)).toBe(30);
    expect(attempt(failed('retry', 'zoom_unavailable'), 600, soonest)).toBe(1);
  });

  test('after words of Zoom that nobody knows is hourly once the published token has expired', () => {
    expect(attempt(failed('retry', 'zoom_refused'), 0)).toBe(3600);
    expect(attempt(failed('retry', 'zoom_refused'), -9000, { failures: 1, random: 0 })).toBe(3600);
    expect(attempt(failed('retry', 'zoom_refused'), 600)).toBeLessThanOrEqual(300);
  });

  test('of a misconfigured connection keeps to its waits, whatever the published token has left', () => {
    expect(attempt(failed('misconfigured', 'invalid_client'), 130, { failures: 5 })).toBe(900);
    expect(attempt(failed('misconfigured', 'invalid_client'), -60, { failures: 1 })).toBe(60);
  });

  test('after an error of an unknown kind is that of a retry', () => {
    expect(attempt(new Error('broken'), 600, { failures: 1 })).toBe(30);
  });
});
