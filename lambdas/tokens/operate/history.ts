import { getConnectionOrThrow } from '../get-connection.ts';
import type { History, HistoryEntry } from '../history/history.ts';
import { assertName } from '../names.ts';
import type { ConnectionStore } from '../store/connection-store.ts';

/**
 * Returns what happened to a connection, the oldest first. A history may outlive its connection.
 * @param since only what happened, or was repeated, since then; epoch seconds
 * @throws {Failure} `rejected` when there is neither a connection nor a history
 */
export async function readHistory(
  connection: string,
  { store, history }: { store: Pick<ConnectionStore, 'get' | 'unreadable'>; history: Pick<History, 'read'> },
  since = 0,
): Promise<HistoryEntry[]> {
  assertName('connection', connection);
  const entries = await history.read(connection);
  if (entries.length === 0) await getConnectionOrThrow(connection, store);
  return entries.filter(({ lastAt }) => lastAt >= since);
}
