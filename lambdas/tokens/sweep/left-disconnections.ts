import pMap from 'p-map';
import { finishLeftDisconnect } from '../disconnect/finish-left.ts';
import { toFailure } from '../errors.ts';
import type { DueEntry } from '../store.ts';
import type { Run } from './run.ts';

/** So many are completed in a sweep: they are rare, and the rotations go on beside them. */
const MOST = 20;
const AT_ONCE = 4;

/** Returns the disconnections that were begun and left. Never throws: a later sweep reads them again. */
export async function leftDisconnections({ deps: { store, now, log } }: Run): Promise<DueEntry[]> {
  try {
    return (await store.due('disconnected', now(), { limit: MOST })).entries;
  } catch (error) {
    const { class: failureClass, code, message } = toFailure(error);
    log.warn(`Unfinished disconnections could not be read. ${message}`, { class: failureClass, code });
    return [];
  }
}

/** Completes the disconnections. Never throws: what fails is recorded in its item, and retried by a later sweep. */
export async function finishDisconnections(entries: DueEntry[], run: Run): Promise<void> {
  await pMap(entries, ({ connection }) => finishDisconnection(connection, run), { concurrency: AT_ONCE });
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
