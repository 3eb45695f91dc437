import { bundleOf, type Place } from '../../lambdas/operator-protocol.ts';

/** Returns where a connection is published, in words. */
export const nameOf = (place: Place): string =>
  place === 'own'
    ? 'a secret of its own'
    : place === 'none'
      ? 'no secret'
      : `the bundle "${bundleOf(place)}"`;
