import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { NEVER } from '../schedule.ts';

/**
 * Returns whether a repetition of the disconnection would change nothing: the tokens are erased, and no place in which n8n
 * reads them still has one.
 * @param force whether a secret in its recovery window is to be deleted immediately
 */
export function isFinished(
  item: Connection,
  force: boolean,
  { push, now }: Pick<Dependencies, 'push' | 'now'>,
): boolean {
  const { sealedTokens, dueAt, lastError, secretDeletedAt = 0, targets = [] } = item;
  const isErased = isDisconnected(item) && sealedTokens === '' && dueAt === NEVER;
  const holdsToken = push !== undefined && targets.some(isNotOverwritten);
  const isRestorable = force && secretDeletedAt > now();
  return isErased && lastError?.code !== 'not_withdrawn' && !holdsToken && !isRestorable;
}

const isNotOverwritten = ({ pushedVersion, overwrittenAt }: NonNullable<Connection['targets']>[number]) =>
  pushedVersion > 0 && overwrittenAt === undefined;
