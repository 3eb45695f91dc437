import pMap from 'p-map';
import type { TokenCheck } from '../apis/zoom-token-check.ts';
import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { assertName } from '../names.ts';
import { bundleOf } from '../publication/place.ts';
import { publishedToken } from '../publication/published-token.ts';

const CONCURRENCY = 8;

export type TokenProbe = TokenCheck & { connection: string };

const missing = ({ place }: Pick<Connection, 'place'>): string =>
  place === 'none'
    ? 'It has no secret: its token is only pushed.'
    : bundleOf(place) === undefined
      ? 'The secret that n8n reads does not exist.'
      : `The secret of its bundle "${bundleOf(place)}" does not hold it.`;

/**
 * Checks for each connection whether Zoom accepts the token that n8n reads. It reads the published secret itself.
 * @throws {Failure} `rejected` (`invalid_name`)
 */
export async function probeTokens(
  connections: string[],
  { store, vault, zoom }: Pick<Dependencies, 'store' | 'vault' | 'zoom'>,
): Promise<TokenProbe[]> {
  for (const connection of connections) assertName('connection', connection);
  return pMap(
    connections,
    async (connection) => {
      try {
        const item: Pick<Connection, 'connection' | 'place'> = (await store.get(connection)) ?? {
          connection,
        };
        const token = await publishedToken(item, vault);
        if (token === undefined) return { connection, accepted: 'no', message: missing(item) };
        return { connection, ...(await zoom.accepts(token)) };
      } catch (error) {
        const { message, action } = toFailure(error);
        return { connection, accepted: 'unknown', message: `${message} ${action}` };
      }
    },
    { concurrency: CONCURRENCY },
  );
}
