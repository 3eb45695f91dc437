import * as v from 'valibot';
import type { Connection } from '../connection.ts';
import { jsonMap } from '../json-object.ts';
import type { Vault } from '../vault.ts';
import { bundleOf } from './place.ts';

/** Someone may have edited what n8n reads. */
const Bundled = v.pipe(v.string(), v.parseJson(), jsonMap(v.string()));

/**
 * Returns the token that n8n's expression gives for a connection; `undefined` where n8n finds none.
 * @throws {Failure} as `Vault.published`
 */
export async function publishedToken(
  { connection, place = 'own' }: Pick<Connection, 'connection' | 'place'>,
  vault: Pick<Vault, 'published'>,
): Promise<string | undefined> {
  if (place === 'none') return undefined;
  if (bundleOf(place) === undefined) return vault.published(connection);
  const value = await vault.published(place);
  const parsed = v.safeParse(Bundled, value);
  return parsed.success ? parsed.output.get(connection) : undefined;
}
