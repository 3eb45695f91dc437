import { expect, test } from '@jest/globals';
import {
  bundleOf,
  endedPlaces,
  moved,
  nextEnd,
  placeOf,
  placesAt,
} from '../../../../lambdas/tokens/publication/place.ts';

test('a connection that moves is kept current in both places until the old one ends', () => {
  const anna = moved({}, placeOf('sales'), 100);
  expect(placesAt(anna, 99)).toEqual(['bundle_sales', 'own']);
  expect(placesAt(anna, 100)).toEqual(['bundle_sales']);
  expect(endedPlaces(anna, 99)).toEqual([]);
  expect(endedPlaces(anna, 100)).toEqual(['own']);
  expect(nextEnd(anna)).toBe(100);
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
  expect(nextEnd({})).toBe(Infinity);
});
