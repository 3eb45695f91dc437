import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { INCIDENT, isIncident } from '../../../../lambdas/tokens/sweep/circuit-breaker.ts';

describe('the circuit breaker', () => {
  test.each([
    [0, 0],
    [1, 1],
    [2, 2],
  ])('believes %i refusals in %i attempts: too few for an incident', (refusals, attempts) => {
    expect(isIncident(refusals, attempts)).toBe(false);
  });

  test.each([
    [3, 3],
    [3, 5],
    [51, 100],
  ])('assumes an incident at %i refusals in %i attempts: more than half', (refusals, attempts) => {
    expect(isIncident(refusals, attempts)).toBe(true);
  });

  test.each([
    [3, 6],
    [3, 1000],
    [50, 100],
  ])('believes %i refusals in %i attempts: not more than half', (refusals, attempts) => {
    expect(isIncident(refusals, attempts)).toBe(false);
  });

  test('assumes an incident still when one more of the attempts is refused', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1000 }), fc.nat({ max: 1000 }), (refused, others) => {
        const attempts = refused + others + 1;
        return !isIncident(refused, attempts) || isIncident(refused + 1, attempts);
      }),
    );
  });

  test('records a failure that is retried and that names the incident', () => {
    expect(INCIDENT).toMatchObject({ class: 'retry', code: 'zoom_incident' });
  });
});
