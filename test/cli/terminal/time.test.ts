import { expect, jest, test } from '@jest/globals';
import { clockNote, formatTime, formatUntil } from '../../../cli/terminal/time.ts';

/** Friday 27 November 2026, 16:38 in this machine's time zone; by a clock that is far from this machine's. */
const AT = new Date(2026, 10, 27, 16, 38).getTime() / 1000;
const MINUTES = 60;
const HOURS = 60 * MINUTES;

test.each([
  ['now', 0],
  ['later that day', 11 * HOURS],
  ['before it', -11 * HOURS],
])('a timestamp near the clock is hours and minutes: %s', (_, passed) => {
  expect(formatTime(AT, AT + passed)).toBe('16:38');
});

test.each([12 * HOURS, -12 * HOURS, 80 * 24 * HOURS])(
  'a timestamp half a day away or more has its day: %d s',
  (passed) => {
    expect(formatTime(AT, AT + passed)).toBe('Fri 27 Nov 16:38');
  },
);

test('an event keeps its time while the clock that set it runs faster than this machine’s', () => {
  expect([1, 6, 11].map((minutes) => formatTime(AT, AT + minutes * MINUTES))).toEqual([
    '16:38',
    '16:38',
    '16:38',
  ]);
});

test('a time to come is the same time, and relative to the clock that set it', () => {
  expect(formatUntil(AT, AT - 29 * MINUTES)).toBe('16:38 (in 29 min)');
  expect(formatUntil(AT, AT - 72 * HOURS)).toBe('Fri 27 Nov 16:38 (in 3 d)');
});

test('a difference to the clock of the installation is named, where times would mislead', () => {
  jest.useFakeTimers({ now: AT * 1000 });
  try {
    expect(clockNote(AT + 3 * HOURS)).toEqual([
      "Times are by the installation's clock, which shows 19:38. It is 3 h ahead of this machine's.",
    ]);
    expect(clockNote(AT - 6 * MINUTES)).toEqual([
      "Times are by the installation's clock, which shows 16:32. It is 6 min behind this machine's.",
    ]);
    expect([-4 * MINUTES, 0, 4 * MINUTES].flatMap((ahead) => clockNote(AT + ahead))).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});
