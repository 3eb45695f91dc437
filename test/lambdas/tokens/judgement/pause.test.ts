import { describe, expect, test } from '@jest/globals';
import { appIsPaused, isPaused, mayProbe, pauseUntil } from '../../../../lambdas/tokens/judgement/pause.ts';

const NOW = 1_900_000_000;
const FAR = NOW + 3600;
const health = (changed: { pausedUntil?: number; probedAt?: number }) => ({
  revision: 1,
  buckets: [],
  ...changed,
});

describe('a pause lasts', () => {
  test.each([
    ['as long as Zoom asks', 60, 60],
    ['a minute where Zoom does not say', undefined, 60],
    ['an hour at the most', 86_400, 3600],
    ['a second at the least', 0, 1],
  ])('%s', (_, retryAfter, seconds) => {
    expect(pauseUntil(NOW, retryAfter)).toBe(NOW + seconds);
  });

  test('until a probe is granted, also when its time is over', () => {
    expect(isPaused(undefined)).toBe(false);
    expect(isPaused(health({}))).toBe(false);
    expect(isPaused(health({ pausedUntil: NOW - 600 }))).toBe(true);
  });
});

describe('a paused app is probed', () => {
  test('once when the time is over, and then once a minute', () => {
    expect(mayProbe(health({ pausedUntil: NOW + 1 }), FAR, NOW)).toBe(false);
    expect(mayProbe(health({ pausedUntil: NOW }), FAR, NOW)).toBe(true);
    expect(mayProbe(health({ pausedUntil: NOW - 30, probedAt: NOW - 30 }), FAR, NOW)).toBe(false);
    expect(mayProbe(health({ pausedUntil: NOW - 90, probedAt: NOW - 60 }), FAR, NOW)).toBe(true);
  });

  test('as soon as the time is over, although it was probed while it lasted', () => {
    expect(mayProbe(health({ pausedUntil: NOW, probedAt: NOW - 5 }), FAR, NOW)).toBe(true);
  });

  test('while the pause lasts, once a minute from two minutes before the published token expires', () => {
    const paused = { pausedUntil: NOW + 3000 };
    expect(mayProbe(health(paused), NOW + 121, NOW)).toBe(false);
    expect(mayProbe(health(paused), NOW + 120, NOW)).toBe(true);
    expect(mayProbe(health({ ...paused, probedAt: NOW - 59 }), NOW + 120, NOW)).toBe(false);
    expect(mayProbe(health({ ...paused, probedAt: NOW - 60 }), NOW + 120, NOW)).toBe(true);
    expect(mayProbe(health({ ...paused, probedAt: NOW - 60 }), NOW - 600, NOW)).toBe(true);
  });
});

test('the failure of a paused app says until when', () => {
  expect(appIsPaused('reports', health({ pausedUntil: NOW + 90 }), NOW)).toMatchObject({
    class: 'retry',
    code: 'app_paused',
    retryAfter: 90,
    message: expect.stringContaining('"reports" for another 90 s'),
  });
});
