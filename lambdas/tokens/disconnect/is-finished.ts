import { type Connection, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { NEVER } from '../schedule.ts';

/**
 * Returns whether the disconnection is finished, as far as the item says: the tokens are erased, and no place in which n8n
 * reads them still has one.
 */
export function isFinished(item: Connection, { push }: Pick<Dependencies, 'push'>): boolean {
  const { sealedTokens, dueAt, lastError, targets = [] } = item;
  const isErased = isDisconnected(item) && sealedTokens === '' && dueAt === NEVER;
  const holdsToken = push !== undefined && targets.some(isNotOverwritten);
  return isErased && lastError?.code !== 'not_withdrawn' && !holdsToken;
}

const isNotOverwritten = ({ pushedVersion, overwrittenAt }: NonNullable<Connection['targets']>[number]) =>
  pushedVersion > 0 && overwrittenAt === undefined;
