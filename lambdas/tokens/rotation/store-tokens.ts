import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { leftoverOf } from '../lease.ts';
import type { RescuedTokens, RescueKey } from '../rescue.ts';
import { retryUntil } from './retry.ts';

/** How long the commit alone may take before the tokens are written to the rescue store as well; milliseconds. */
const PATIENCE_MS = 1000;

type StoreDependencies = Pick<Dependencies, 'store' | 'rescue' | 'now' | 'wait' | 'log'>;

/**
 * Commits a rotation, retried until the deadline. Where that takes longer than a second, the tokens are written to the
 * rescue store meanwhile, and removed from it after a commit that succeeds in the end.
 * @param deadline when the function ends, epoch seconds
 * @returns the item as it is stored; `undefined` when another writer was faster
 * @throws {Failure} `retry`, `rescued` when the rescue store alone has the tokens; else the commit's last error
 */
export async function storeTokens(
  item: Connection,
  rotation: RescuedTokens,
  deps: StoreDependencies,
  deadline: number,
): Promise<Connection | undefined> {
  const { rescue, wait, log } = deps;
  const committing = retryUntil(deadline, () => commit(item, rotation, deps), deps);
  if (!rescue || item.grantType === 'account_credentials') return committing;
  const ended = new AbortController();
  // Without a reason Node makes an exception with a stack, for each rotation.
  const end = () => ended.abort('ended');
  let writing: Promise<boolean> | undefined;
  const write = () => {
    writing ??= retryUntil(deadline, () => rescue.put(rotationOf(item), rotation), deps).then(
      () => true,
      (error) => {
        const { class: failureClass, code, message } = toFailure(error);
        log.error(`The rescue store did not take the new tokens. ${message}`, {
          ...logContext(item),
          class: failureClass,
          code,
        });
        return false;
      },
    );
    return writing;
  };
  wait(PATIENCE_MS, ended.signal).then(
    () => void (ended.signal.aborted || write()),
    () => {},
  );
  try {
    const committed = await committing;
    end();
    // The object fits no version any more: one that is left behind is harmless, and expires.
    if (await writing) await rescue.remove(rotationOf(item)).catch(() => {});
    return committed;
  } catch (error) {
    end();
    throw (await write()) ? rescued(item.connection) : error;
  }
}

/**
 * Takes up the tokens of an earlier step that could not store them, or was killed.
 * @returns `undefined` where the rescue store has none for this version; else what the commit of them returned
 * @throws {Failure} `retry`, `rescue_unreadable` when that is not known
 */
export async function takeUpTokens(
  item: Connection,
  deps: StoreDependencies,
  deadline: number,
): Promise<{ committed: Connection | undefined } | undefined> {
  const { rescue, log } = deps;
  const tokens = await rescue?.get(rotationOf(item));
  if (!rescue || !tokens) return undefined;
  const committed = await retryUntil(deadline, () => commit(item, tokens, deps), deps);
  await rescue.remove(rotationOf(item)).catch(() => {});
  log.info('took up tokens from the rescue store', logContext(committed ?? item));
  return { committed };
}

/**
 * Returns whether a killed step would be taken up by the next sweep, although the indexes know nothing of its rotation: the
 * connection is active and due, and no failure has to be reset.
 */
const isRoutine = (item: Connection, now: number): boolean =>
  item.status === 'active' &&
  item.dueAt <= now &&
  item.failures === 0 &&
  RESET_BY_ROTATION.every((name) => item[name] === undefined) &&
  leftoverOf(item) === undefined;

const RESET_BY_ROTATION = ['lastError', 'failingSince', 'suspectSince', 'refusals', 'lostAt'] as const;

const rotationOf = ({ connection, generation, version }: Connection): RescueKey => ({
  connection,
  generation,
  version,
});

async function commit(
  item: Connection,
  { sealedTokens, expiresAt, rotatedAt, clientId, scope }: RescuedTokens,
  { store, now }: Pick<Dependencies, 'store' | 'now'>,
): Promise<Connection | undefined> {
  const rotation = {
    ...{ sealedTokens, expiresAt, rotatedAt },
    ...(clientId !== undefined && { clientId }),
    ...(scope !== undefined && { scope }),
  };
  const committed = await store.commitRotation(item, rotation, { isRoutine: isRoutine(item, now()) });
  if (committed) return committed;
  // An earlier attempt may have taken effect and lost its response.
  const stored = await store.get(item.connection);
  return stored?.sealedTokens === sealedTokens ? stored : undefined;
}

function rescued(connection: string): Failure {
  return new Failure(
    'retry',
    'rescued',
    'DynamoDB could not store the new tokens. They are kept in the rescue store, and the next step takes them up.',
    `Nothing to do, unless it lasts: npx zoom-tokens status ${connection}`,
  );
}
