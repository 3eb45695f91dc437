import { type ConnectionView, toView, type ViewDependencies } from '../connection-view.ts';
import type { Dependencies } from '../dependencies.ts';
import { getConnectionOrThrow } from '../get-connection.ts';

/**
 * Returns one connection as `status` shows it.
 * @throws {Failure} `rejected` when there is no such connection
 */
export async function viewConnection(
  connection: string,
  deps: Pick<Dependencies, 'store'> & ViewDependencies,
): Promise<ConnectionView> {
  return toView(await getConnectionOrThrow(connection, deps.store), deps);
}
