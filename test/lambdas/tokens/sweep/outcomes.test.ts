import { describe, expect, test } from '@jest/globals';
import type { FailureClass } from '../../../../lambdas/contract.ts';
import type { Connection } from '../../../../lambdas/tokens/connection.ts';
import { Failure } from '../../../../lambdas/tokens/errors.ts';
import type { Outcome } from '../../../../lambdas/tokens/rotation/outcome.ts';
import { addOutcome, needsAttention, noOutcomes } from '../../../../lambdas/tokens/sweep/outcomes.ts';

const NOW = 1_900_000_000;
const item = { connection: 'main', validUntil: NOW + 3600 } as Connection;
const settled: Outcome = { kind: 'settled', item, rotated: true, published: true };
const failed = (failureClass: FailureClass, changed: object = {}): Outcome => ({
  kind: 'failed',
  item,
  error: new Failure(failureClass, 'unexpected', 'It failed.', 'Retry.'),
  rotated: false,
  phase: 'rotation',
  recorded: failureClass,
  isRefused: false,
  ...changed,
});
const after = (...all: Outcome[]) => {
  const outcomes = noOutcomes();
  for (const outcome of all) addOutcome(outcomes, outcome, NOW);
  return outcomes;
};
const none = noOutcomes();

describe('the outcomes of a sweep', () => {
  test('start with nothing, and each sweep has its own', () => {
    addOutcome(noOutcomes(), settled, NOW);
    expect(noOutcomes()).toEqual({
      counts: {
        rotated: 0,
        published: 0,
        publishFailed: 0,
        pushed: 0,
        pushFailed: 0,
        failed: { reconnect: 0, misconfigured: 0, retry: 0, rejected: 0 },
      },
      attempts: 0,
      recovered: [],
      needsAttention: false,
    });
  });

  test('do not count a step that had nothing to do, not even as an attempt', () => {
    expect(after({ kind: 'nothing' })).toEqual(none);
  });

  test('count a step that yielded to a newer consent as an attempt alone', () => {
    expect(after({ kind: 'yielded', item })).toEqual({ ...none, attempts: 1 });
  });

  test('count a rotation and its publication', () => {
    expect(after(settled)).toEqual({
      ...none,
      attempts: 1,
      counts: { ...none.counts, rotated: 1, published: 1 },
    });
  });

  test('count the repetition of a publication without a rotation', () => {
    const { counts } = after({ ...settled, rotated: false });
    expect(counts).toEqual({ ...none.counts, published: 1 });
  });

  test('count a step that only pushed to n8n as neither rotation nor publication', () => {
    const { counts } = after({
      ...settled,
      rotated: false,
      published: false,
      pushes: { pushed: 2, failed: 1 },
    });
    expect(counts).toEqual({ ...none.counts, pushed: 2, pushFailed: 1 });
  });

  test.each(['retry', 'misconfigured', 'rejected'] as const)(
    'count a rotation that failed as %s under that class',
    (failureClass) => {
      const { counts, attempts } = after(failed(failureClass));
      expect(counts).toEqual({ ...none.counts, failed: { ...none.counts.failed, [failureClass]: 1 } });
      expect(attempts).toBe(1);
    },
  );

  test('count a publication that failed after its rotation as both, and not as a failed rotation', () => {
    const { counts } = after(failed('retry', { rotated: true, phase: 'publication' }));
    expect(counts).toEqual({ ...none.counts, rotated: 1, publishFailed: 1 });
  });

  test('count the pushes of a step that failed', () => {
    const { counts } = after(failed('retry', { phase: 'publication', pushes: { pushed: 1, failed: 1 } }));
    expect(counts).toMatchObject({ pushed: 1, pushFailed: 1, publishFailed: 1 });
  });

  test('count a refused refresh token as it was recorded: retried while it is a suspect', () => {
    const { counts } = after(failed('retry', { isRefused: true }), failed('reconnect', { isRefused: true }));
    expect(counts.failed).toMatchObject({ retry: 1, reconnect: 1 });
  });

  test('keep the connections of which people had been alerted, and which are well again', () => {
    const alerted = { ...item, alertedAt: 1 };
    expect(after(settled, { ...settled, item: alerted }).recovered).toEqual([alerted]);
  });

  test('do not keep one that still shows an expired token to an n8n as well again', () => {
    const lagging = { ...item, alertedAt: 1, validUntil: NOW };
    expect(after({ ...settled, item: lagging }).recovered).toEqual([]);
  });

  test('do not count a step whose app is paused: Zoom was not asked', () => {
    const error = new Failure('retry', 'app_paused', 'It is paused.', 'Wait.');
    expect(after({ kind: 'paused', item, error })).toEqual(none);
  });

  test('count an error of an unknown kind as one to retry', () => {
    expect(after(failed('retry', { error: new Error('broken') })).counts.failed).toMatchObject({ retry: 1 });
  });

  test('add up over all steps', () => {
    const { counts, attempts } = after(settled, settled, failed('retry'), { kind: 'nothing' });
    expect(counts).toMatchObject({ rotated: 2, published: 2, failed: { retry: 1 } });
    expect(attempts).toBe(3);
  });
});

describe('a sweep needs attention', () => {
  test.each([
    ['a refresh token was refused for the first time', failed('retry', { isRefused: true })],
    ['a refresh token was refused again', failed('reconnect', { isRefused: true })],
    ['a connection recovered', { ...settled, item: { ...item, alertedAt: 1 } }],
    ['a rotation found the app misconfigured', failed('misconfigured')],
    ['a publication found the installation misconfigured', failed('misconfigured', { phase: 'publication' })],
  ])('when %s', (_, outcome) => {
    expect(needsAttention(after(settled, outcome))).toBe(true);
  });

  test.each([
    ['nothing was due', { kind: 'nothing' } as const],
    ['all went well', settled],
    ['a failure is only retried', failed('retry')],
    ['a step yielded', { kind: 'yielded', item } as const],
  ])('not when %s', (_, outcome) => {
    expect(needsAttention(after(outcome))).toBe(false);
  });
});
