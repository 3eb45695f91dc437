import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assertName } from '../../../lambdas/tokens/connection.ts';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import { backOff, DEFAULT_MARGINS, JITTER_SECONDS, rotateAt } from '../../../lambdas/tokens/schedule.ts';

const NOON = 1_900_000_000;
const connection = { connection: 'main', version: 1, expiresAt: NOON + 3600, overlap: 'unknown' as const };

describe('when a token is rotated', () => {
  const names = fc.stringMatching(/^[a-z][a-z0-9_]{0,39}$/);

  test('late, at least ten minutes before its end, where the old token may die with the refresh', () => {
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

  test('at half of its life where the old token outlives the refresh, so that n8n holds 25 minutes at least', () => {
    fc.assert(
      fc.property(names, fc.nat(), (name, version) => {
        const item = { ...connection, connection: name, version, overlap: 'yes' as const };
        const before = connection.expiresAt - rotateAt(item, DEFAULT_MARGINS);
        expect(before).toBeGreaterThanOrEqual(1800);
        expect(before).toBeLessThan(1800 + JITTER_SECONDS);
      }),
    );
  });

  test('at the same instant, whichever function asks', () => {
    expect(rotateAt(connection, DEFAULT_MARGINS)).toBe(rotateAt({ ...connection }, DEFAULT_MARGINS));
  });

  test('a fleet that connected in one minute is spread over five', () => {
    const minutes = new Map<number, number>();
    for (let i = 0; i < 1000; i += 1) {
      const minute = Math.floor(rotateAt({ ...connection, connection: `c${i}` }, DEFAULT_MARGINS) / 60);
      minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
    }
    expect(Math.max(...minutes.values())).toBeLessThan(300);
  });
});

describe('the wait before the next attempt', () => {
  const failure = fc.record({
    class: fc.constantFrom('retry' as const, 'rejected' as const),
    retryAfter: fc.option(fc.nat({ max: 100_000 }), { nil: undefined }),
  });
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test('lasts from one second to five minutes, or what the other side asked for up to an hour', () => {
    fc.assert(
      fc.property(failure, fc.integer({ min: 1, max: 5000 }), random, (error, failures, x) => {
        const seconds = backOff(error, failures, x);
        const asked = Math.min(error.retryAfter ?? 0, 3600);
        expect(seconds).toBeGreaterThanOrEqual(Math.max(1, asked));
        expect(seconds).toBeLessThanOrEqual(Math.max(300, asked));
        expect(Number.isInteger(seconds)).toBe(true);
      }),
    );
  });

  test('is none where a person must act: what is due then is the alert', () => {
    expect(backOff({ class: 'reconnect' }, 1, 0.9)).toBe(0);
  });

  test('grows with every failure', () => {
    const ceilings = [1, 2, 3, 4, 5, 50].map((failures) => backOff({ class: 'retry' }, failures, 0.999_999));
    expect(ceilings).toEqual([30, 60, 120, 240, 300, 300]);
  });

  test('is a slow pace while the operator has something to fix', () => {
    expect(backOff({ class: 'misconfigured' }, 1, 0)).toBe(675);
    expect(backOff({ class: 'misconfigured' }, 9, 0.999_999)).toBe(1125);
  });
});

describe('a name fits n8n’s dotted expression', () => {
  test.each(['main', 'a', 'team_2', `a${'b'.repeat(39)}`])('%s', (name) => {
    expect(() => assertName('connection', name)).not.toThrow();
  });

  test.each(['', 'Main', '2nd', '_a', 'a-b', 'a.b', 'a b', 'ticket#1', `a${'b'.repeat(40)}`, 'ä'])(
    'not "%s", and the error says how',
    (name) => {
      expect(() => assertName('connection', name)).toThrow(Failure);
      expect(() => assertName('app', name)).toThrow(
        expect.objectContaining({ class: 'rejected', code: 'invalid_name' }),
      );
    },
  );
});
