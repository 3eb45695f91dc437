import { createConnectionsTable } from '../../../lambdas/aws/table/connections.ts';
import { publishedToken } from '../../../lambdas/tokens/publication/published-token.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import type { OpeningKey } from '../../../lambdas/tokens/sealing/sealing-keyring.ts';
import { readAsN8n } from '../../../local/read-as-n8n.ts';
import { type LabServices, TABLE } from './lab-services.ts';

/** Operations that change nothing. */
const READS = /^(BatchGet|Get|List|Query|Scan|GET$)/;

/** Reads what the services hold, for the checks. What nothing can have changed since is not read again. */
export function createReader(services: Pick<LabServices, 'table' | 'operator'>) {
  const store = createConnectionsTable(services.table, TABLE);
  const known = new Map<string, Promise<unknown>>();
  const once = <T>(what: string, read: () => Promise<T>): Promise<T> => {
    const value = known.get(what) ?? read();
    known.set(what, value);
    return value as Promise<T>;
  };

  /** Returns a connection as it is stored. */
  const connection = (name: string) => once(`connection ${name}`, () => store.get(name));

  return {
    connection,
    /** Returns the stored tokens of a connection, opened. */
    tokens: (name: string, openingKey: OpeningKey) =>
      once(`tokens ${name}`, async () => {
        const stored = await connection(name);
        return stored && open(stored.sealedTokens, name, openingKey);
      }),
    /** Returns the published token of a connection, read as n8n reads it. */
    async published(name: string) {
      const secrets = await once('secrets', () => readAsN8n(services.operator));
      const place = (await connection(name))?.place ?? 'own';
      const published = async (secret: string) => secrets.get(`n8n_zoom_${secret}`);
      return publishedToken({ connection: name, place }, { published });
    },
    /** Returns the value of a published secret: of a connection, or of a bundle. */
    secret: async (name: string) =>
      (await once('secrets', () => readAsN8n(services.operator))).get(`n8n_zoom_${name}`),
    /** Must be called whenever something may have changed. */
    forget: () => known.clear(),
    /** Must be called before and after each request to a service. */
    forgetAt: (operation: string) => {
      if (!READS.test(operation)) known.clear();
    },
  };
}
