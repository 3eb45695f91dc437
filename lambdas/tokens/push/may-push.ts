import type { N8nInstance } from '../apis/n8n.ts';
import type { Connection } from '../connection.ts';
import type { Dependencies, Push } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { assertListed } from './listed-url.ts';

const MOST_NAMES = 10;

/**
 * Makes sure that a link carries no token away: whoever deploys has listed the address, and an instance keeps its address
 * while other connections use it, unless the request moves them too.
 * @throws {Failure} `rejected` (`n8n_url_not_listed`, `n8n_instance_shared`)
 */
export async function assertMayPush(
  {
    connection,
    instance: name,
    move = false,
  }: { connection: string; instance: string; move?: boolean | undefined },
  instance: N8nInstance,
  port: Push,
  { store }: Pick<Dependencies, 'store'>,
): Promise<void> {
  assertListed(instance, port, 'rejected');
  const present = (await port.settings.read({ fresh: true })).get(name);
  if (move || present === undefined || present.url === instance.url) return;
  const others = (await store.list())
    .filter((item) => item.connection !== connection && usesInstance(item, name))
    .map((item) => item.connection)
    .sort();
  if (others.length > 0) throw shared(name, present.url, others);
}

/** Returns whether a connection has a credential at the instance. */
export const usesInstance = (
  { targets = [], externalCredentials = [] }: Pick<Connection, 'targets' | 'externalCredentials'>,
  name: string,
): boolean => [...targets, ...externalCredentials].some(({ instance }) => instance === name);

function shared(name: string, url: string, others: readonly string[]): Failure {
  const named = others.slice(0, MOST_NAMES).map((each) => `"${each}"`);
  const rest = others.length - named.length;
  return new Failure(
    'rejected',
    'n8n_instance_shared',
    `The n8n instance "${name}" is ${url}, and other connections use it: ${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}. Their tokens would be pushed to the new address.`,
    'Give the new n8n a name of its own: --instance <name>. To move the instance with all of them: --move',
  );
}
