import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { publishedToken } from '../publication/published-token.ts';
import { DISCONNECT_SECONDS } from '../time-budget.ts';
import { beginDisconnect } from './begin-disconnect.ts';
import { doubtUnrecorded } from './doubt-unrecorded.ts';
import { finishDisconnect } from './finish-disconnect.ts';
import { isFinished } from './is-finished.ts';
import { lastOverwrite } from './overwrite-pushed.ts';
import { revokePublished, revokeStored } from './revoke.ts';

export interface DisconnectOptions {
  /** When the function ends, epoch seconds. */
  deadline: number;
  /** Deletes the published secret immediately, without a recovery window. */
  force: boolean;
}

/**
 * Disconnects: revokes the tokens at Zoom, deletes the published secret and erases the tokens. If Zoom does not confirm the
 * revocation, `revokedAt` is absent and `lastError` says what to do. A repetition completes what is left, and otherwise changes
 * nothing. It reads what n8n reads: a restored table does not know of a consent that came after its backup.
 * @throws {Failure} `rejected` (`unknown_connection`, `overtaken`), or `retry` while a step holds the lease or when the
 * secret was not deleted
 */
export async function disconnect(
  name: string,
  deps: Dependencies,
  { deadline, force }: DisconnectOptions,
): Promise<Connection> {
  const item = await getConnectionOrThrow(name, deps.store);
  const published = isDisconnected(item) ? await readPublished(item, deps) : undefined;
  /** The token of a consent that the item does not know of. */
  const unknown = isFinished(item, deps) ? published : undefined;
  const isDone = (each: Connection) => {
    const isRestorable = force && (each.secretDeletedAt ?? 0) > deps.now();
    const hasUnknown = unknown !== undefined && each.generation === item.generation;
    return isFinished(each, deps) && !isRestorable && !hasUnknown;
  };
  if (isDone(item)) return item;
  await doubtUnrecorded(item, deps);
  // A repetition ends nothing anew.
  const isRepeated = isDisconnected(item) && unknown === undefined;
  const disconnectedAt =
    (isRepeated ? item.disconnectedAt : undefined) ?? Math.max(deps.now(), lastOverwrite(item));
  // A consent that is given while this waits for the lease is newer, and stays.
  const ending = { disconnectedAt, generation: item.generation };
  const held = await beginDisconnect(name, ending, deps, deadline - DISCONNECT_SECONDS, isDone);
  if (isDone(held)) return held;
  const revokedAt =
    unknown === undefined
      ? (held.revokedAt ?? (await revokeStored(held, deps, deadline)))
      : await revokePublished(held, unknown, deps, deadline);
  return finishDisconnect(held, { revokedAt, force }, deps, deadline);
}

/** Returns the token that n8n reads, `undefined` where there is none. */
async function readPublished(item: Connection, { vault }: Dependencies): Promise<string | undefined> {
  try {
    return await publishedToken(item, vault);
  } catch (error) {
    // Another installation may have taken the name, whose secret this one may neither read nor delete.
    if (error instanceof Failure && error.code === 'secret_denied') return undefined;
    throw error;
  }
}
