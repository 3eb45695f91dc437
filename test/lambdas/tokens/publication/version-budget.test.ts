import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { nextSlot, SLOT_SECONDS, slotStart } from '../../../../lambdas/tokens/publication/slots.ts';
import {
  KEPT_FOR_REMOVALS,
  LATE_WRITES,
  MOST_REMOVALS,
  MOST_WRITES,
  type Purpose,
  type Versions,
  withVersion,
  writableAt,
} from '../../../../lambdas/tokens/publication/version-budget.ts';
import { timesOf } from '../../../../lambdas/tokens/publication-room.ts';

const START = slotStart('sales', Date.UTC(2030, 0, 1) / 1000);
const DAY = 24 * 3600;
const asConsent = {};
const asRemoval = { isRemoval: true };
const asLate = { isLate: true };
const asExpiring = { isLate: true, isExpiring: true };

/** Writes as often as there is room, once a minute. */
function fill(versions: Versions, now: number, purpose: Purpose): Versions {
  let filled = versions;
  for (;;) {
    const next = withVersion('sales', filled, now, purpose);
    if (!next) return filled;
    filled = next;
  }
}

test('consents at once leave room for the slots of the next 24 hours', () => {
  let versions = fill({}, START, asConsent);
  const slots = DAY / SLOT_SECONDS;
  expect(timesOf(versions.writes, START)).toHaveLength(MOST_WRITES - LATE_WRITES - slots);
  for (let slot = nextSlot('sales', START); slot <= START + DAY; slot += SLOT_SECONDS) {
    expect(writableAt('sales', versions, slot)).toBe(slot);
    versions = withVersion('sales', versions, slot, asConsent) ?? versions;
  }
  expect(timesOf(versions.writes, START + DAY)).toHaveLength(MOST_WRITES - LATE_WRITES);
});

test('a consent without room is written with the next slot', () => {
  const versions = fill({}, START, asConsent);
  expect(writableAt('sales', versions, START + 60)).toBe(START + SLOT_SECONDS);
});

test('a late member is written at once where consents have no room, and leaves the slots their room', () => {
  const full = fill({}, START, asConsent);
  let versions = fill(full, START, asLate);
  expect(timesOf(versions.writes, START)).toHaveLength(timesOf(full.writes, START).length + LATE_WRITES);
  expect(writableAt('sales', versions, START, asLate)).toBe(START + SLOT_SECONDS);
  for (let slot = nextSlot('sales', START); slot <= START + DAY; slot += SLOT_SECONDS) {
    expect(writableAt('sales', versions, slot)).toBe(slot);
    versions = withVersion('sales', versions, slot, asConsent) ?? versions;
  }
});

test('a disconnection is written from the reserve where consents have no room', () => {
  const full = fill({}, START, asConsent);
  const versions = fill(full, START, asRemoval);
  expect(versions.writes).toBe(full.writes);
  expect(timesOf(versions.removals, START)).toHaveLength(MOST_REMOVALS);
});

test('a late member whose token is about to expire shares the reserve of disconnections, which keep some of it', () => {
  const full = fill(fill({}, START, asConsent), START, asLate);
  const versions = fill(full, START, asExpiring);
  expect(versions.writes).toBe(full.writes);
  expect(timesOf(versions.removals, START)).toHaveLength(MOST_REMOVALS - KEPT_FOR_REMOVALS);
  const all = fill(versions, START, asRemoval);
  expect(timesOf(all.removals, START)).toHaveLength(MOST_REMOVALS);
});

test('no order of consents, late members, slots and disconnections exceeds 100 versions in 24 hours, or keeps a slot from its write', () => {
  const want = fc.record({
    after: fc.oneof(
      { arbitrary: fc.integer({ min: 0, max: 90 }), weight: 4 },
      fc.integer({ min: 0, max: 9000 }),
    ),
    isRemoval: fc.boolean(),
    isLate: fc.boolean(),
    isExpiring: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(want, { minLength: 50, maxLength: 400 }), (wants) => {
      let versions: Versions = {};
      let now = START + 1;
      let slot = nextSlot('sales', now);
      const written: number[] = [];
      const write = (at: number, purpose: Purpose) => {
        const next = withVersion('sales', versions, at, purpose);
        if (next) written.push(at);
        versions = next ?? versions;
        return next !== undefined;
      };
      for (const { after, ...purpose } of wants) {
        for (now += after; slot <= now; slot += SLOT_SECONDS) expect(write(slot, asConsent)).toBe(true);
        write(now, purpose);
      }
      for (const [index, at] of written.entries()) {
        const before = written[index - 100];
        if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(DAY);
      }
    }),
    { numRuns: 60 },
  );
});
