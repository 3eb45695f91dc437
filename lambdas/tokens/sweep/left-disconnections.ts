import pMap from 'p-map';
import { finishLeftDisconnect } from '../disconnect/finish-left.ts';
import { toFailure } from '../errors.ts';
import { warnOfFailure } from '../warn-of-failure.ts';
import type { Run } from './run.ts';

/** So many are completed in a sweep: they are rare, and the rotations go on beside them. */
const MOST = 20;
const AT_ONCE = 4;

/**
 * Completes the disconnections that were begun and left. Never throws: what cannot be read or completed is retried by a later
 * sweep.
 */
export async function finishDisconnections(run: Run): Promise<void> {
  const { store, now, log } = run.deps;
  try {
    const { entries } = await store.due('disconnected', now(), { limit: MOST });
    await pMap(entries, ({ connection }) => finishDisconnection(connection, run), { concurrency: AT_ONCE });
  } catch (error) {
    warnOfFailure(log, 'Unfinished disconnections could not be read.', error);
  }
}

/** Completes one disconnection, and logs why it could not be. */
export async function finishDisconnection(
  connection: string,
  { deps, deadline }: Pick<Run, 'deps' | 'deadline'>,
): Promise<void> {
  try {
    await finishLeftDisconnect(connection, deps, deadline);
  } catch (error) {
    const { class: failureClass, code, message } = toFailure(error);
    deps.log.warn(message, { connection, class: failureClass, code });
  }
}
