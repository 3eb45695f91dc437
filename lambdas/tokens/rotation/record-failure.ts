import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureClass, toFailure } from '../errors.ts';
import { backOff } from '../schedule.ts';

/**
 * Records a failed step: the status after its class, the next attempt after its back-off. A connection that moved on
 * meanwhile (a newer version, another lease holder) is left alone.
 */
export async function recordFailure(item: Connection, error: unknown, deps: Dependencies): Promise<void> {
  const { store, now, random, log } = deps;
  const lastError = { ...toFailure(error), at: now() };
  const failures = item.failures + 1;
  const retryAfter = error instanceof Failure ? error.retryAfter : undefined;
  const failure = {
    ...(item.targets && { targets: item.targets }),
    status: statusAfter(item, lastError.class),
    dueAt: now() + backOff({ class: lastError.class, retryAfter }, failures, random()),
    failures,
    lastError,
  };
  const context = { ...logContext(item), class: lastError.class, code: lastError.code };
  try {
    if (!(await store.fail(item, failure))) {
      await store.release(item);
      log.info('failure not recorded: the connection has moved on', context);
      return;
    }
  } catch {
    // The store is down as well: the lease expires, and a later sweep starts from what is stored.
  }
  log[lastError.class === 'retry' ? 'warn' : 'error'](lastError.message, { ...context, failures });
}

function statusAfter(item: Connection, failureClass: FailureClass): Connection['status'] {
  return failureClass === 'reconnect' || failureClass === 'misconfigured' ? failureClass : item.status;
}
