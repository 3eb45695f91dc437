import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import { isBelieved, isRefusal, suspectBackOff } from '../../../../lambdas/tokens/judgement/refusal.ts';

const NOW = 1_900_000_000;

test('only a response of Zoom is a refusal', () => {
  expect(isRefusal(new Failure('reconnect', 'invalid_token', 'm', 'a'))).toBe(true);
  expect(isRefusal(new Failure('reconnect', 'unreadable_tokens', 'm', 'a'))).toBe(false);
  expect(isRefusal(new Failure('misconfigured', 'invalid_client', 'm', 'a'))).toBe(false);
  expect(isRefusal(new Error('down'))).toBe(false);
});

describe('a refusal is believed', () => {
  test('when a second one confirms it after five minutes', () => {
    expect(isBelieved({ suspectSince: NOW - 300 }, false, NOW)).toBe(true);
  });

  test('never at the first time, nor earlier', () => {
    expect(isBelieved({}, false, NOW)).toBe(false);
    expect(isBelieved({ suspectSince: NOW - 299 }, false, NOW)).toBe(false);
  });

  test('never while an incident is assumed', () => {
    expect(isBelieved({ suspectSince: NOW - 86_400 }, true, NOW)).toBe(false);
  });
});

test('a suspect is tried again after 5, 10, 20 and then every 40 minutes', () => {
  expect([1, 2, 3, 4, 5, 50].map((refusals) => suspectBackOff(refusals) / 60)).toEqual([
    5, 10, 20, 40, 40, 40,
  ]);
});
