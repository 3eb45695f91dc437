import { expect, test } from '@jest/globals';
import {
  nextSlot,
  rotationSlot,
  SLOT_SECONDS,
  slotStart,
} from '../../../../lambdas/tokens/publication/slots.ts';

const NOW = Date.UTC(2030, 0, 1, 12) / 1000;
const HOUR = 3600;
const MARGIN = 10 * 60;

test('a slot begins every 40 minutes', () => {
  const start = slotStart('sales', NOW);
  expect(start).toBeLessThanOrEqual(NOW);
  expect(start + SLOT_SECONDS).toBeGreaterThan(NOW);
  expect(nextSlot('sales', NOW)).toBe(start + 40 * 60);
  expect(slotStart('sales', start)).toBe(start);
  expect(slotStart('sales', start - 1)).toBe(start - SLOT_SECONDS);
});

test('two bundles have their slots at different times', () => {
  expect(slotStart('sales', NOW)).not.toBe(slotStart('support', NOW));
});

test.each([0, 30, 5 * 60, 25 * 60])(
  'a token of an hour that was made %d s into a slot is replaced in the next one',
  (late) => {
    const rotatedAt = slotStart('sales', NOW) + late;
    const slot = rotationSlot('sales', { rotatedAt, expiresAt: rotatedAt + HOUR }, MARGIN);
    expect(slot).toBe(slotStart('sales', NOW) + SLOT_SECONDS);
  },
);

test('a token that was made at the end of a slot is replaced in the last slot before its margin', () => {
  const rotatedAt = nextSlot('sales', NOW) - 60;
  const slot = rotationSlot('sales', { rotatedAt, expiresAt: rotatedAt + HOUR }, MARGIN) ?? 0;
  expect(slot).toBe(rotatedAt + 60 + SLOT_SECONDS);
  expect(rotatedAt + HOUR - slot).toBeGreaterThanOrEqual(MARGIN);
});

test('a larger margin than 15 minutes does not keep a token of an hour from its slot', () => {
  const rotatedAt = slotStart('sales', NOW);
  expect(rotationSlot('sales', { rotatedAt, expiresAt: rotatedAt + HOUR }, 40 * 60)).toBe(
    rotatedAt + SLOT_SECONDS,
  );
});

test('a token that lives less than to the next slot has no slot', () => {
  const rotatedAt = slotStart('sales', NOW) + 60;
  expect(rotationSlot('sales', { rotatedAt, expiresAt: rotatedAt + 20 * 60 }, MARGIN)).toBeUndefined();
});
