import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { DISCONNECT_SECONDS } from '../time-budget.ts';
import { beginDisconnect } from './begin-disconnect.ts';
import { finishDisconnect } from './finish-disconnect.ts';
import { isFinished } from './is-finished.ts';
import { lastOverwrite } from './overwrite-pushed.ts';
import { revokeStored } from './revoke.ts';

export interface DisconnectOptions {
  /** When the function ends, epoch seconds. */
  deadline: number;
  /** Deletes the published secret immediately, without a recovery window. */
  force: boolean;
}

/**
 * Disconnects: revokes the tokens at Zoom, deletes the published secret and erases the tokens. If Zoom does not confirm the
 * revocation, `revokedAt` is absent and `lastError` says what to do. A repetition completes what is left, and otherwise changes nothing.
 * @throws {Failure} `rejected` (`unknown_connection`, `overtaken`), or `retry` while a step holds the lease or when the
 * secret was not deleted
 */
export async function disconnect(
  name: string,
  deps: Dependencies,
  { deadline, force }: DisconnectOptions,
): Promise<Connection> {
  const item = await getConnectionOrThrow(name, deps.store);
  const isDone = (each: Connection) => isFinished(each, force, deps);
  if (isDone(item)) return item;
  // A repetition ends nothing anew.
  const disconnectedAt =
    (isDisconnected(item) ? item.disconnectedAt : undefined) ?? Math.max(deps.now(), lastOverwrite(item));
  // A consent that is given while this waits for the lease is newer, and stays.
  const ending = { disconnectedAt, generation: item.generation };
  const held = await beginDisconnect(name, ending, deps, deadline - DISCONNECT_SECONDS, isDone);
  if (isDone(held)) return held;
  const revokedAt = held.revokedAt ?? (await revokeStored(held, deps, deadline));
  return finishDisconnect(held, { revokedAt, force }, deps, deadline);
}
