import { type ConnectionView, toView } from '../connection-view.ts';
import type { Dependencies } from '../dependencies.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import type { UnreadableItem } from '../store.ts';

/**
 * Returns one connection as `status` shows it.
 * @throws {Failure} `rejected` when there is no such connection
 */
export async function viewConnection(
  connection: string,
  { store }: Pick<Dependencies, 'store'>,
): Promise<ConnectionView> {
  return toView(await getConnectionOrThrow(connection, store));
}

/** Connections as `status` shows them, and the items that cannot be read. */
interface ConnectionList {
  connections: ConnectionView[];
  unreadable?: UnreadableItem[];
}

/** Returns one connection, or all of them in the order of their names. */
export async function listConnections(
  connection: string | undefined,
  { store }: Pick<Dependencies, 'store'>,
): Promise<ConnectionList> {
  if (connection !== undefined) return { connections: [await viewConnection(connection, { store })] };
  const items = await store.list();
  const unreadable = await store.unreadable();
  return {
    connections: items.map(toView).sort((a, b) => a.connection.localeCompare(b.connection)),
    ...(unreadable.length > 0 && { unreadable }),
  };
}
