import pMap from 'p-map';
import type { TokenCheck } from '../apis/zoom-token-check.ts';
import { assertName } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';

/** Each probe takes a read and a request to Zoom. This many fit well into the timeout of the operator function. */
export const MAX_PROBES = 20;
const CONCURRENCY = 8;

export type TokenProbe = TokenCheck & { connection: string };

/**
 * Checks for each connection whether Zoom accepts the token that n8n reads. It reads the published secret itself.
 * @throws {Failure} `rejected` (`invalid_name`)
 */
export async function probeTokens(
  connections: string[],
  { vault, zoom }: Pick<Dependencies, 'vault' | 'zoom'>,
): Promise<TokenProbe[]> {
  for (const connection of connections) assertName('connection', connection);
  return pMap(
    connections,
    async (connection) => {
      try {
        const token = await vault.published(connection);
        if (token === undefined)
          return { connection, accepted: 'no', message: 'The secret that n8n reads does not exist.' };
        return { connection, ...(await zoom.accepts(token)) };
      } catch (error) {
        const { message, action } = toFailure(error);
        return { connection, accepted: 'unknown', message: `${message} ${action}` };
      }
    },
    { concurrency: CONCURRENCY },
  );
}
