import { describe, expect, test } from '@jest/globals';
import { addEntry, MAX_ENTRIES } from '../../../../lambdas/tokens/history/add-entry.ts';
import type { HistoryEntry, HistoryEvent } from '../../../../lambdas/tokens/history/history.ts';

const failed = (at: number, code = 'no_answer'): HistoryEvent => ({
  ...{ kind: 'failed', at, class: 'retry', message: `It failed with ${code}.`, action: 'Wait.' },
  code: code as NonNullable<HistoryEvent['code']>,
});
const event = (kind: HistoryEvent['kind'], at: number): HistoryEvent => ({ kind, at, message: kind });
const added = (...events: HistoryEvent[]) =>
  events.reduce<HistoryEntry[]>((list, each) => addEntry(list, each, { requestId: `r${each.at}` }), []);

describe('a history', () => {
  test('keeps a single event with its request', () => {
    expect(added(failed(100))).toEqual([{ ...failed(100), requestId: 'r100', count: 1, lastAt: 100 }]);
  });

  test('counts a failure that repeats, with the time and the request of the last one', () => {
    expect(added(failed(100), failed(160), failed(220))).toEqual([
      { ...failed(100), requestId: 'r220', count: 3, lastAt: 220 },
    ]);
  });

  test('counts two failures that alternate in an entry each', () => {
    const entries = added(failed(1), failed(2, 'rescued'), failed(3), failed(4, 'rescued'));
    expect(entries.map(({ code, count }) => [code, count])).toEqual([
      ['no_answer', 2],
      ['rescued', 2],
    ]);
  });

  test('begins a new entry when the same failure comes after a recovery', () => {
    const entries = added(failed(1), event('recovered', 2), failed(3));
    expect(entries.map(({ kind, count }) => [kind, count])).toEqual([
      ['failed', 1],
      ['recovered', 1],
      ['failed', 1],
    ]);
  });

  test('holds a change once where a step repeats its write', () => {
    expect(added(event('consented', 5), event('consented', 5))).toHaveLength(1);
  });

  test('drops its oldest entry when it is full', () => {
    const entries = added(...Array.from({ length: MAX_ENTRIES + 3 }, (_, at) => event('consented', at)));
    expect(entries).toHaveLength(MAX_ENTRIES);
    expect(entries[0]?.at).toBe(3);
  });

  test('cuts a text that is too long', () => {
    const [entry] = added({ ...failed(1), message: 'x'.repeat(5000), action: 'y'.repeat(5000) });
    expect([entry?.message.length, entry?.action?.length]).toEqual([300, 300]);
  });
});
