import type { Connection } from './connection.ts';
import { Failure } from './errors.ts';
import { assertName } from './names.ts';
import type { ConnectionStore } from './store/connection-store.ts';
import type { UnreadableItem } from './store/connections.ts';

/**
 * Returns the connection's item.
 * @throws {Failure} `rejected` (`invalid_name`, `unknown_connection`) or `misconfigured` (`item_unreadable`)
 */
export async function getConnectionOrThrow(
  connection: string,
  store: Pick<ConnectionStore, 'get' | 'unreadable'>,
): Promise<Connection> {
  assertName('connection', connection);
  const item = await store.get(connection);
  if (item) return item;
  await assertReadable(connection, store);
  throw new Failure(
    'rejected',
    'unknown_connection',
    `There is no connection "${connection}".`,
    `List the connections: npx zoom-tokens status. To create this one: npx zoom-tokens connect ${connection}.`,
  );
}

/**
 * Asserts that the store has no unreadable item of this connection. A consent would be lost on such an item.
 * @throws {Failure} `misconfigured` (`item_unreadable`)
 */
export async function assertReadable(
  connection: string,
  store: Pick<ConnectionStore, 'unreadable'>,
): Promise<void> {
  const [item] = await store.unreadable(connection);
  if (item) throw itemUnreadable(item);
}

/** Error for an item that was set aside. */
export const itemUnreadable = ({ connection, problems }: UnreadableItem): Failure =>
  new Failure(
    'misconfigured',
    'item_unreadable',
    `The item of "${connection}" in the table cannot be read: ${problems.join(', ')}. It is not rotated, and its tokens stay as they are.`,
    'Correct these attributes in the table, for example from a point-in-time recovery. Or delete the item and connect again.',
  );
