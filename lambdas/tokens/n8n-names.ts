import { PUBLISHED_SECRET_PREFIX } from '../contract.ts';
import type { Connection } from './connection.ts';
import { bundleOf } from './publication/place.ts';

/**
 * Returns the name of a secret that n8n reads.
 * @param publication a connection, whose secret is the bare access token, or `bundle_<name>`, whose secret is a JSON object
 */
export const secretName = (publication: string) => `${PUBLISHED_SECRET_PREFIX}${publication}`;

/** Returns the name of the secret that has a connection's token; `undefined` for one that is only pushed. */
export function secretOf({ connection, place = 'own' }: Published): string | undefined {
  if (place === 'none') return undefined;
  return secretName(place === 'own' ? connection : place);
}

type Published = Pick<Connection, 'connection' | 'place'>;

/**
 * Returns the expression that a person pastes into n8n's credential. Every name of a connection is an identifier.
 * @param vault name of n8n's external secrets connection
 * @returns `undefined` for a connection that is only pushed
 */
export function expression(item: Published, vault = 'aws'): string | undefined {
  const name = secretOf(item);
  if (name === undefined) return undefined;
  const secret = `$secrets.${vault}.${name}`;
  return bundleOf(item.place) === undefined
    ? `{{ ${secret} }}`
    : `{{ ${secret}.parseJson().${item.connection} }}`;
}
