/**
 * The place where a connection is published: `own`, a secret of its own; `none`, for a connection that is only pushed; or
 * `bundle_<name>`, a field of the bundle's secret. No connection's name begins with `bundle_`.
 */
export type Place = 'own' | 'none' | `bundle_${string}`;

/** A place that a connection has left, and until when it is kept current; epoch seconds. */
export interface OldPlace {
  place: Place;
  until: number;
  /** Until when its secret is not written. It holds an earlier token, or a token that is to be removed. */
  waitsUntil?: number;
}

/** The fields of a connection that tell where it is published. */
export interface Placed {
  /** A secret of its own if missing. */
  place?: Place;
  oldPlaces?: OldPlace[];
}

const BUNDLE = 'bundle_';

/** Returns the place of a bundle's members, which is also what its secret's name ends in. */
export const placeOf = (bundle: string): `bundle_${string}` => `${BUNDLE}${bundle}`;

/** Returns the bundle of a place, `undefined` for a place that is no bundle. */
export const bundleOf = (place: Place | undefined): string | undefined =>
  place?.startsWith(BUNDLE) ? place.slice(BUNDLE.length) : undefined;

/** Returns where a connection is published, in words. */
export const placeInWords = (place: Place): string => {
  const bundle = bundleOf(place);
  if (bundle !== undefined) return `the bundle "${bundle}"`;
  return place === 'own' ? 'a secret of its own' : 'no secret';
};

/** Returns every place in which a connection's token may be, its present place first. */
export const placesOf = ({ place = 'own', oldPlaces = [] }: Placed): Place[] => [
  ...new Set([place, ...oldPlaces.map((old) => old.place)]),
];

/** Returns the bundle in whose slots a connection rotates, `undefined` for one that is in none. */
export const bundleOfAny = (placed: Placed): string | undefined =>
  placesOf(placed)
    .map(bundleOf)
    .find((bundle) => bundle !== undefined);

/** Returns where a connection is published at `now` (epoch seconds), its present place first. */
export const placesAt = ({ place = 'own', oldPlaces = [] }: Placed, now: number): Place[] => [
  place,
  ...oldPlaces.filter(({ until }) => until > now).map((old) => old.place),
];

/** Returns when the first old place ends, or takes a version that waits; epoch seconds, `Infinity` without one. */
export const nextChange = ({ oldPlaces = [] }: Placed): number =>
  Math.min(Infinity, ...oldPlaces.map(({ until, waitsUntil = until }) => waitsUntil));

/**
 * Returns the fields of a connection that moves. Each place that it leaves ends at `until` (epoch seconds), and a place to
 * which it returns is no old one any more.
 */
export function moved({ place = 'own', oldPlaces = [] }: Placed, to: Place, until: number): Required<Placed> {
  const left = oldPlaces.filter((old) => old.place !== to && old.place !== place);
  const isKept = place !== 'none' && place !== to;
  return { place: to, oldPlaces: isKept ? [...left, { place, until }] : left };
}
