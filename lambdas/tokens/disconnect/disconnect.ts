import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { REVOKE_SECONDS, UNPUBLISH_SECONDS } from '../time-budget.ts';
import { beginDisconnect } from './begin-disconnect.ts';
import { finishDisconnect } from './finish-disconnect.ts';
import { revokeStored } from './revoke.ts';

export interface DisconnectOptions {
  /** When the function ends, epoch seconds. */
  deadline: number;
  /** Deletes the published secret immediately, without a recovery window. */
  force: boolean;
}

/**
 * Disconnects: revokes the tokens at Zoom, deletes the published secret and erases the tokens. If Zoom does not confirm the
 * revocation, `revokedAt` is absent and `lastError` says what to do. A repetition completes what is left.
 * @throws {Failure} `rejected` (`unknown_connection`, `overtaken`), or `retry` while a step holds the lease or when the
 * secret was not deleted
 */
export async function disconnect(
  name: string,
  deps: Dependencies,
  { deadline, force }: DisconnectOptions,
): Promise<Connection> {
  const { generation } = await getConnectionOrThrow(name, deps.store);
  // A consent that is given while this waits for the lease is newer, and stays.
  const ending = { disconnectedAt: deps.now(), generation };
  const held = await beginDisconnect(name, ending, deps, deadline - REVOKE_SECONDS - UNPUBLISH_SECONDS);
  const revokedAt = held.revokedAt ?? (await revokeStored(held, deps, deadline));
  return finishDisconnect(held, { revokedAt, force }, deps, deadline);
}

/**
 * Disconnects a connection whose user has removed the app at Zoom. Zoom has revoked the tokens itself.
 * @param seen the connection when it was identified as that user's
 * @param at when the user removed the app, epoch seconds
 * @param deadline when the function ends, epoch seconds
 * @returns `undefined` if it is already disconnected or its consent is newer
 * @throws {Failure} `retry` (`busy`) while a step holds the lease: Zoom delivers its event again
 */
export async function disconnectDeauthorized(
  seen: Connection,
  at: number,
  deps: Dependencies,
  deadline: number,
): Promise<Connection | undefined> {
  const isDone = isDisconnected(seen) && seen.sealedTokens === '';
  if (isDone || seen.consentedAt >= at) return undefined;
  const { connection, generation, disconnectedAt = 0 } = seen;
  const ending = { disconnectedAt: Math.max(at, disconnectedAt), generation };
  const held = await beginDisconnect(connection, ending, deps, deps.now());
  return finishDisconnect(held, { revokedAt: held.revokedAt ?? at, force: false }, deps, deadline);
}
