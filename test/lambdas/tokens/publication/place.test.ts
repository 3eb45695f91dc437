import { expect, test } from '@jest/globals';
import {
  bundleOf,
  moved,
  nextChange,
  placeOf,
  placesAt,
} from '../../../../lambdas/tokens/publication/place.ts';

test('a connection that moves is kept current in both places until the old one ends', () => {
  const anna = moved({}, placeOf('sales'), 100);
  expect(placesAt(anna, 99)).toEqual(['bundle_sales', 'own']);
  expect(placesAt(anna, 100)).toEqual(['bundle_sales']);
  expect(nextChange(anna)).toBe(100);
});

test('an old place that waits for a version of its secret changes then', () => {
  const old = { place: placeOf('sales'), until: 100 };
  expect(nextChange({ oldPlaces: [{ ...old, waitsUntil: 60 }] })).toBe(60);
  expect(nextChange({ oldPlaces: [{ ...old, waitsUntil: 140 }] })).toBe(140);
});

test('a connection that returns has left only the place between', () => {
  const back = moved(moved({}, placeOf('sales'), 100), 'own', 200);
  expect(back).toEqual({ place: 'own', oldPlaces: [{ place: 'bundle_sales', until: 200 }] });
});

test('a connection that was only pushed leaves no place behind', () => {
  expect(moved({ place: 'none' }, 'own', 200)).toEqual({ place: 'own', oldPlaces: [] });
});

test('a place names its bundle', () => {
  expect(bundleOf(placeOf('sales'))).toBe('sales');
  expect(bundleOf('own')).toBeUndefined();
  expect(bundleOf(undefined)).toBeUndefined();
  expect(nextChange({})).toBe(Infinity);
});
