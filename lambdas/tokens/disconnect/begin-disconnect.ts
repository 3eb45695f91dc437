import { randomUUID } from 'node:crypto';
import { type Connection, isDisconnected, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { LEASE_SECONDS, waitForLease } from '../lease.ts';

/**
 * Disconnects a connection under its lease. Only the lease holder writes or deletes the published secret, so a
 * disconnection waits for the lease. It increments the version, so that no concurrent step can store its tokens.
 * @param ending.generation disconnects this generation alone: a consent that came since is newer
 * @param ending.revokedAt when Zoom revoked the tokens, if that is known
 * @param deadline epoch seconds, until which it waits for the lease
 * @param isDone whether another disconnection, which was faster, has left nothing to complete
 * @returns the item with its lease; without one where nothing is left
 * @throws {Failure} `retry` (`busy`) while a step holds the lease, `rejected` (`overtaken`) when the generation is past
 */
export async function beginDisconnect(
  connection: string,
  ending: { disconnectedAt: number; generation: number; revokedAt?: number },
  { store, now, wait, log }: Pick<Dependencies, 'store' | 'now' | 'wait' | 'log'>,
  deadline: number,
  isDone: (item: Connection) => boolean = () => false,
): Promise<Connection> {
  const owner = randomUUID();
  const { disconnectedAt, revokedAt } = ending;
  let { generation } = ending;
  let seen: Connection | undefined;
  const take = async () => {
    // Another disconnection may have ended in the meantime.
    const ended = seen && isDisconnected(seen) ? await store.get(connection) : undefined;
    if (ended && isDone(ended)) return ended;
    const lease = { owner, now: now(), until: now() + LEASE_SECONDS };
    const held = await store.beginDisconnect(connection, {
      ...{ ...lease, disconnectedAt, generation },
      ...(revokedAt !== undefined && { revokedAt }),
    });
    if (held) return held;
    const item = await store.get(connection);
    seen = item;
    if (!item || item.generation === generation) return undefined;
    const isHeld = item.leaseOwner === owner;
    if (!isDisconnected(item)) {
      // A newer consent keeps the lease of our own write, whose response was lost.
      if (isHeld) await store.release(item);
      throw overtaken(connection);
    }
    // Our own write, whose response was lost.
    if (isHeld) return item;
    // Another disconnection was faster: what it leaves undone is completed here.
    generation = item.generation;
    return undefined;
  };
  const held = await waitForLease(take, () => busy(connection), { now, wait }, deadline);
  log.info('disconnected', logContext(held));
  return held;
}

/** Error for a disconnection that a newer consent has undone. */
export function overtaken(connection: string): Failure {
  return new Failure(
    'rejected',
    'overtaken',
    `A newer consent has connected "${connection}" in the meantime. That connection stays.`,
    `To disconnect it too, run npx zoom-tokens disconnect ${connection} again.`,
  );
}

function busy(connection: string): Failure {
  return new Failure(
    'retry',
    'busy',
    `"${connection}" was not disconnected: a rotation is in progress. Nothing was changed.`,
    'Run the command again in three minutes. No rotation takes longer.',
    LEASE_SECONDS,
  );
}
