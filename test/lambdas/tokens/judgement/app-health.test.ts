import { describe, expect, test } from '@jest/globals';
import {
  type AppEvent,
  type AppHealth,
  addEvent,
  INCIDENT_SECONDS,
  isAlertDue,
  isIncident,
  NO_HEALTH,
  sum,
} from '../../../../lambdas/tokens/judgement/app-health.ts';

const NOW = 1_900_000_000;
const MINUTE = 60;
const refused: AppEvent = { kind: 'refused', isFirst: true };
const refusedAgain: AppEvent = { kind: 'refused', isFirst: false };
const granted: AppEvent = { kind: 'granted', wasSuspect: false, isProbe: false };
const suspectGranted: AppEvent = { kind: 'granted', wasSuspect: true, isProbe: false };
const probeGranted: AppEvent = { kind: 'granted', wasSuspect: false, isProbe: true };

/** The health after these events, one a second from `from` on. */
const after = (events: AppEvent[], from = NOW, before: AppHealth = NO_HEALTH): AppHealth =>
  events.reduce((health, event, index) => addEvent(health, event, from + index), before);

const times = (count: number, event: AppEvent) => Array.from({ length: count }, () => event);

test('a refusal counts until the five minutes in which it came are an hour old', () => {
  const from = NOW - (NOW % (5 * MINUTE));
  const health = addEvent(NO_HEALTH, refused, from);
  expect(sum(health, from + 65 * MINUTE - 1)).toEqual({ refused: 1, granted: 0 });
  expect(sum(health, from + 65 * MINUTE)).toEqual({ refused: 0, granted: 0 });
});

describe('an incident is assumed', () => {
  test('when three connections are refused, and more than are granted', () => {
    expect(isIncident(after(times(3, refused)), NOW + 3)).toBe(true);
    expect(isIncident(after([...times(2, granted), ...times(3, refused)]), NOW + 5)).toBe(true);
  });

  test('never for two connections', () => {
    expect(isIncident(after(times(2, refused)), NOW + 2)).toBe(false);
  });

  test('not where as many refreshes are granted as refused', () => {
    expect(isIncident(after([...times(3, granted), ...times(3, refused)]), NOW + 6)).toBe(false);
  });

  test('not for three refusals of the same connection', () => {
    expect(isIncident(after([refused, refusedAgain, refusedAgain]), NOW + 3)).toBe(false);
  });

  test('from refusals within an hour, and not from older ones', () => {
    const two = after(times(2, refused));
    expect(isIncident(addEvent(two, refused, NOW + 50 * MINUTE), NOW + 50 * MINUTE)).toBe(true);
    expect(isIncident(addEvent(two, refused, NOW + 66 * MINUTE), NOW + 66 * MINUTE)).toBe(false);
  });

  test('although more refreshes were granted than an hour ago', () => {
    const granting = after(times(50, granted));
    const later = NOW + 66 * MINUTE;
    expect(isIncident(after(times(3, refused), later, granting), later + 3)).toBe(true);
    expect(sum(granting, later)).toEqual({ refused: 0, granted: 0 });
  });
});

describe('an incident ends', () => {
  const assumed = after(times(3, refused));
  const since = assumed.incidentSince as number;

  test('with the first suspect that is granted', () => {
    expect(isIncident(addEvent(assumed, suspectGranted, NOW + 9), NOW + 9)).toBe(false);
  });

  test('not with a grant to a connection that was never refused', () => {
    expect(isIncident(addEvent(assumed, granted, NOW + 9), NOW + 9)).toBe(true);
  });

  test('after two hours', () => {
    expect(isIncident(assumed, since + INCIDENT_SECONDS - 1)).toBe(true);
    expect(isIncident(assumed, since + INCIDENT_SECONDS)).toBe(false);
  });

  test('by time, and then none begins until Zoom has granted a refresh', () => {
    const over = since + INCIDENT_SECONDS;
    const barred = after(times(5, refused), over, assumed);
    expect(isIncident(barred, over + 5)).toBe(false);
    const recovered = addEvent(barred, granted, over + 2 * 60 * MINUTE);
    const again = after(times(3, refused), over + 2 * 60 * MINUTE + 1, recovered);
    expect(isIncident(again, over + 2 * 60 * MINUTE + 4)).toBe(true);
  });
});

describe('the alert of an incident', () => {
  const assumed = after(times(3, refused));

  test('is due once', () => {
    expect(isAlertDue(assumed, NOW + 3)).toBe(true);
    expect(isAlertDue(addEvent(assumed, { kind: 'incident_alerted' }, NOW + 4), NOW + 5)).toBe(false);
  });

  test('is due again for the next incident', () => {
    const alerted = addEvent(assumed, { kind: 'incident_alerted' }, NOW + 4);
    const ended = addEvent(alerted, suspectGranted, NOW + 70 * MINUTE);
    const next = after(times(3, refused), NOW + 140 * MINUTE, ended);
    expect(isAlertDue(next, NOW + 141 * MINUTE)).toBe(true);
  });
});

describe('a pause', () => {
  const paused = addEvent(NO_HEALTH, { kind: 'rate_limited', until: NOW + 60 }, NOW);

  test('is never shortened by another response', () => {
    expect(addEvent(paused, { kind: 'rate_limited', until: NOW + 30 }, NOW + 1).pausedUntil).toBe(NOW + 60);
  });

  test('is not ended by a request that was under way when it began', () => {
    expect(addEvent(paused, granted, NOW + 1).pausedUntil).toBe(NOW + 60);
  });

  test('ends with the first probe that is granted', () => {
    const probed = after([{ kind: 'probing' }, probeGranted], NOW + 61, paused);
    expect(probed.pausedUntil).toBeUndefined();
    expect(probed.probedAt).toBeUndefined();
  });
});
