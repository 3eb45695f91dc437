import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.ts';
import type { Dependencies } from './dependencies.ts';
import { Failure } from './errors.ts';

/**
 * Length of a lease, seconds. It exceeds the longest timeout of a function (60 s) by 120 s, twice the allowed difference
 * between two clocks, so that a lease never expires while its holder still works.
 */
export const LEASE_SECONDS = 180;

/**
 * Returns when an earlier lease was taken of which no outcome is stored, epoch seconds; `undefined` where there is none. The
 * holder was killed, or could store nothing.
 * @param leased as the present lease returned it, or a later write under it
 */
export const leftoverOf = ({
  askedAt,
  leaseUntil = 0,
}: Pick<Connection, 'askedAt' | 'leaseUntil'>): number | undefined =>
  askedAt === leaseUntil - LEASE_SECONDS ? undefined : askedAt;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Calls `take` with growing pauses until it returns the leased connection.
 * @param deadline epoch seconds; `take` is called at least once and repeated until then
 * @throws {Failure} the one that `busy` returns, after the deadline
 */
export async function waitForLease<T>(
  take: () => Promise<T | undefined>,
  busy: () => Failure,
  { now, wait }: Pick<Dependencies, 'now' | 'wait'>,
  deadline: number,
): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const leased = await take();
    if (leased !== undefined) return leased;
    if (now() + pause / 1000 >= deadline) throw busy();
    await wait(pause);
  }
}

/**
 * Runs `act` under the connection's lease, which excludes every step, and releases the lease afterwards.
 * Runs `act` again with the current item when it returns `undefined` because a consent has changed the item.
 * @param deadline epoch seconds after which `act` is not started again
 * @throws {Failure} `retry` (`busy`) when the lease was not available in time
 */
export function withLease<T>(
  connection: string,
  { inAnyStatus = false }: { inAnyStatus?: boolean },
  deps: Pick<Dependencies, 'store' | 'now' | 'wait'>,
  deadline: number,
  act: (item: Connection) => Promise<T | undefined>,
): Promise<T> {
  const { store, now } = deps;
  const owner = randomUUID();
  const leaseAndAct = async () => {
    const lease = { owner, now: now(), until: now() + LEASE_SECONDS, early: true, inAnyStatus };
    const item = await store.lease(connection, lease);
    if (!item) return undefined;
    try {
      return await act(item);
    } finally {
      await store.release(item, { isUnfinished: leftoverOf(item) !== undefined });
    }
  };
  return waitForLease(leaseAndAct, () => leaseIsHeld(connection), deps, deadline);
}

/** Error for an operation that could not start because a rotation holds the connection's lease. */
export function leaseIsHeld(connection: string): Failure {
  return new Failure(
    'retry',
    'busy',
    `"${connection}" was not changed: another function is rotating it.`,
    'Run the command again in a minute.',
  );
}
