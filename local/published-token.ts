import type { ConnectionView } from '../lambdas/tokens/connection-view.ts';
import { bundleOf } from '../lambdas/tokens/publication/place.ts';

/** Returns the token that n8n's expression gives. */
export function publishedToken(
  values: ReadonlyMap<string, string>,
  {
    connection,
    place,
    secretName,
  }: Pick<ConnectionView, 'connection' | 'place'> & { secretName?: string | undefined },
): string | undefined {
  const value = secretName === undefined ? undefined : values.get(secretName);
  return value === undefined || bundleOf(place) === undefined ? value : JSON.parse(value)[connection];
}
