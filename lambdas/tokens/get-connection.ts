import { assertName, type Connection } from './connection.ts';
import { Failure } from './errors.ts';
import type { ConnectionStore } from './store.ts';

/**
 * Returns the connection's item.
 * @throws {Failure} `rejected` (`invalid_name`, `unknown_connection`)
 */
export async function getConnectionOrThrow(
  connection: string,
  store: Pick<ConnectionStore, 'get'>,
): Promise<Connection> {
  assertName('connection', connection);
  const item = await store.get(connection);
  if (item) return item;
  throw new Failure(
    'rejected',
    'unknown_connection',
    `There is no connection "${connection}".`,
    `List the connections: zoom-tokens status. To create this one: zoom-tokens connect ${connection}.`,
  );
}
