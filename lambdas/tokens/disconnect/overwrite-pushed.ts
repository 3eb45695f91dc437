import { type Connection, logContext, type PushTarget } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { N8N_TIMEOUT_SECONDS, STORE_SECONDS } from '../time-budget.ts';
import { warnOfFailure } from '../warn-of-failure.ts';

/** The value that replaces a pushed token. A Zoom node that sends it fails, and its log says why. */
export const OVERWRITTEN = 'disconnected';

/**
 * Overwrites the pushed token in each n8n credential of a disconnected connection. Never throws: a credential that could not
 * be overwritten keeps its token until that expires, and its target says so.
 * @param deadline when the function ends, epoch seconds
 * @returns the targets, with `overwrittenAt` where n8n took the replacement; `undefined` without any
 */
export async function overwritePushed(
  { targets, disconnectedAt = 0, ...item }: Connection,
  { push, now, log }: Pick<Dependencies, 'push' | 'now' | 'log'>,
  deadline: number,
): Promise<PushTarget[] | undefined> {
  if (!targets || !push) return targets;
  const overwrite = async (stored: PushTarget): Promise<PushTarget> => {
    const { overwrittenAt = 0, ...target } = stored;
    // One of an earlier disconnection says nothing: a token may have been pushed since, and not recorded.
    if (overwrittenAt > disconnectedAt || target.pushedVersion === 0) return stored;
    if (now() > deadline - N8N_TIMEOUT_SECONDS - STORE_SECONDS) return target;
    const { instance: name, credentialId } = target;
    try {
      const instance = (await push.settings.read()).get(name);
      if (!instance) return target;
      await push.n8n.update(instance, credentialId, OVERWRITTEN);
      return { ...target, overwrittenAt: now() };
    } catch (error) {
      const context = { ...logContext(item), instance: name };
      warnOfFailure(log, 'The pushed token was not overwritten.', error, context);
      return target;
    }
  };
  return Promise.all(targets.map(overwrite));
}

/**
 * Returns when a pushed token was overwritten last, epoch seconds, or 0. The next disconnection is not before it, by whatever
 * clock: what was overwritten until then says nothing of a token that was pushed since.
 */
export const lastOverwrite = ({ targets = [] }: Pick<Connection, 'targets'>): number =>
  Math.max(0, ...targets.map(({ overwrittenAt = 0 }) => overwrittenAt));
