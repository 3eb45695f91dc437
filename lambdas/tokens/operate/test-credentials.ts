import pMap from 'p-map';
import type { Connection, CredentialTest } from '../connection.ts';
import type { Dependencies, Push } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import { assertName } from '../names.ts';
import { testCredential } from '../push/test-credential.ts';

/** Each credential takes one request to n8n, which requests Zoom. */
const CONCURRENCY = 8;

/** n8n's test of one credential of a connection. */
export interface CredentialProbe {
  connection: string;
  instance: string;
  credentialId: string;
  /** `external`: n8n reads the published secret. `pushed`: the credential holds the token. */
  kind: 'pushed' | 'external';
  tested: CredentialTest;
}

/**
 * Lets each n8n test the credentials of the connections now. Stores nothing. A deployment without the push has none.
 * @throws {Failure} `rejected` (`invalid_name`)
 */
export async function testCredentials(
  connections: string[],
  { store, push, now }: Pick<Dependencies, 'store' | 'push' | 'now'>,
): Promise<CredentialProbe[]> {
  for (const connection of connections) assertName('connection', connection);
  if (!push) return [];
  const items = await pMap(connections, (connection) => store.get(connection), { concurrency: CONCURRENCY });
  const credentials = items.flatMap((item) => (item ? credentialsOf(item) : []));
  return pMap(credentials, async (each) => ({ ...each, tested: await testNow(each, push, now) }), {
    concurrency: CONCURRENCY,
  });
}

const credentialsOf = ({ connection, targets = [], externalCredentials = [] }: Connection) => [
  ...targets.map(({ instance, credentialId }) => ({
    connection,
    instance,
    credentialId,
    kind: 'pushed' as const,
  })),
  ...externalCredentials.map(({ instance, credentialId }) => ({
    connection,
    instance,
    credentialId,
    kind: 'external' as const,
  })),
];

async function testNow(
  { instance: name, credentialId }: { instance: string; credentialId: string },
  push: Push,
  now: Dependencies['now'],
): Promise<CredentialTest> {
  try {
    const instance = (await push.settings.read()).get(name);
    if (instance) return await testCredential(instance, credentialId, push, now);
    return { at: now(), message: `The n8n instance "${name}" is not in the n8n secret.` };
  } catch (error) {
    const { message, action } = toFailure(error);
    return { at: now(), message: `${message} ${action}` };
  }
}
