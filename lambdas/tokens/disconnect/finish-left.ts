import { randomUUID } from 'node:crypto';
import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { LEASE_SECONDS } from '../lease.ts';
import { DISCONNECT_SECONDS } from '../time-budget.ts';
import { finishDisconnect } from './finish-disconnect.ts';
import { revokeStored } from './revoke.ts';

/**
 * Completes a disconnection that another function has begun and left, or did not survive. A repetition changes nothing.
 * @param deadline when the function ends, epoch seconds
 * @returns the erased item; `undefined` where nothing is left, another function holds the lease, or time is short
 * @throws {Failure} why the secret was not deleted: a later sweep retries
 */
export async function finishLeftDisconnect(
  connection: string,
  deps: Dependencies,
  deadline: number,
): Promise<Connection | undefined> {
  const { store, now } = deps;
  if (now() > deadline - DISCONNECT_SECONDS) return undefined;
  const lease = { owner: randomUUID(), now: now(), until: now() + LEASE_SECONDS };
  const held = await store.leaseDisconnected(connection, lease);
  if (!held) return undefined;
  const revokedAt = held.revokedAt ?? (await revokeStored(held, deps, deadline));
  return finishDisconnect(held, { revokedAt, force: false }, deps, deadline);
}
