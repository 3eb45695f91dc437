import pMap from 'p-map';
import type { TokenCheck } from '../apis/zoom-token-check.ts';
import { assertName } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';

/** Each costs a reading and a request to Zoom; this many fit well into the operator function's time. */
export const MAX_PROBES = 20;
const CONCURRENCY = 8;

export type TokenProbe = TokenCheck & { connection: string };

/** Is the token that n8n reads accepted by Zoom? The published secret itself is read, as n8n would read it. */
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
        if (token === undefined) return { connection, accepted: 'no', message: 'n8n finds no such secret.' };
        return { connection, ...(await zoom.accepts(token)) };
      } catch (error) {
        const { message, action } = toFailure(error);
        return { connection, accepted: 'unknown', message: `${message} ${action}` };
      }
    },
    { concurrency: CONCURRENCY },
  );
}
