import { type ConnectionView, toView } from '../connection-view.ts';
import type { Dependencies } from '../dependencies.ts';
import { getConnectionOrThrow } from '../get-connection.ts';

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

/**
 * Returns one connection, or without a name all connections sorted by name.
 * @throws {Failure} `rejected` when there is no such connection
 */
export async function listConnections(
  connection: string | undefined,
  deps: Pick<Dependencies, 'store'>,
): Promise<ConnectionView[]> {
  if (connection !== undefined) return [await viewConnection(connection, deps)];
  const items = await deps.store.list();
  return items.map(toView).sort((a, b) => a.connection.localeCompare(b.connection));
}
