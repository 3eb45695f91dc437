import { describe, expect, test } from '@jest/globals';
import {
  addPublication,
  hasRoom,
  postponed,
  roomAt,
  timesOf,
} from '../../../lambdas/tokens/publication-room.ts';

const START = Date.UTC(2030, 0, 1) / 1000;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Returns the publications at these times. */
const at = (...times: number[]) =>
  times.reduce((publications, time) => addPublication(publications, time), '');
const every = (seconds: number, count: number) =>
  at(...Array.from({ length: count }, (_, index) => START + index * seconds));

describe('the recorded publications', () => {
  test('take less than 0.3 kB for a full day', () => {
    expect(every(15 * MINUTE, 500).length).toBeLessThan(300);
  });

  test('forget what is older than 24 hours, also after a year', () => {
    const full = every(MINUTE, 98);
    expect(roomAt(full, START + 2 * HOUR)).toBeGreaterThan(START + 2 * HOUR);
    const later = START + 365 * DAY;
    expect(addPublication(full, later)).toBe(at(later));
  });

  test('count for 24 hours and a minute, to the second', () => {
    const until = START + DAY + MINUTE;
    expect(timesOf(at(START), until - 1)).toEqual([START]);
    expect(timesOf(at(START), until)).toEqual([]);
  });

  test.each(['', 'AA', '!!', 'AAAAAAAA'])('that are malformed (%j) leave room', (publications) => {
    expect(roomAt(publications, START)).toBe(START);
    expect(addPublication(publications, START)).toBe(at(START));
  });
});

describe('room for a rotation', () => {
  const token = (lifetime: number) => ({ rotatedAt: START, expiresAt: START + lifetime });

  test('is there without any publication, for tokens that live 20 minutes or longer', () => {
    for (const lifetime of [20 * MINUTE, HOUR, 2 * HOUR]) expect(hasRoom(token(lifetime), START)).toBe(true);
    expect(hasRoom(token(15 * MINUTE), START)).toBe(false);
  });

  test('ends while the next day of rotations at the last minute still fits', () => {
    expect(hasRoom({ ...token(HOUR), publications: every(1, 70) }, START + MINUTE)).toBe(true);
    expect(hasRoom({ ...token(HOUR), publications: every(1, 80) }, START + MINUTE)).toBe(false);
  });

  test('returns 24 hours after the publications that used it up', () => {
    const publications = every(1, 98);
    expect(roomAt(publications, START + HOUR)).toBeGreaterThanOrEqual(START + DAY);
    expect(hasRoom({ ...token(HOUR), publications }, START + DAY + 3 * MINUTE)).toBe(true);
  });
});

describe('a rotation without room', () => {
  const item = { rotatedAt: START, expiresAt: START + HOUR };

  test('is postponed until five minutes before the access token expires', () => {
    const publications = every(1, 80);
    expect(postponed({ ...item, publications }, START + 20 * MINUTE)).toBe(START + 55 * MINUTE);
  });

  test('is postponed until the access token expires when no version is accepted before', () => {
    const publications = every(1, 98);
    expect(postponed({ ...item, publications }, START + 20 * MINUTE)).toBe(START + HOUR);
  });

  test('is not postponed on an item without recorded publications', () => {
    expect(postponed(item, START + 20 * MINUTE)).toBe(START + 20 * MINUTE);
  });
});
