import { utc } from '../clock.ts';
import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { isRefusal } from '../judgement/refusal.ts';
import { LEASE_SECONDS, leftoverOf } from '../lease.ts';
import { AMBIGUOUS_SECONDS } from '../schedule.ts';
import { STEP_SECONDS } from '../time-budget.ts';

/**
 * Waits, under the lease, until Zoom cannot be working any more on a refresh whose response was lost: a second request would
 * cross it.
 * @param deadline when the function ends, epoch seconds
 * @throws {Failure} `retry`, `no_answer` when there is no time for that. Zoom was not asked
 */
export async function waitOutLostResponse(
  item: Connection,
  { now, wait, log }: Pick<Dependencies, 'now' | 'wait' | 'log'>,
  deadline: number,
): Promise<void> {
  const { lastError, lostAt = 0 } = item;
  const lastAt = lastError?.code === 'no_answer' ? Math.max(lastError.at, lostAt) : lostAt;
  const seconds = lastAt + AMBIGUOUS_SECONDS - now();
  // A time so far ahead is shown by no function's clock, and is not waited for.
  if (seconds <= 0 || seconds > LEASE_SECONDS) return;
  if (now() + seconds > deadline - STEP_SECONDS) throw mayBeAtWork(item.connection, lastAt);
  log.info('waits until Zoom cannot be working on the last request any more', logContext(item));
  await wait(seconds * 1000);
}

function mayBeAtWork(connection: string, lostAt: number): Failure {
  return new Failure(
    'retry',
    'no_answer',
    `"${connection}" was not refreshed: a response of Zoom was lost at ${utc(lostAt)}, and Zoom may still be working on that request.`,
    'Nothing to do: the next sweep refreshes it.',
  );
}

/** A refusal after a response was lost is no refusal of the consent: Zoom had acted, and the new tokens never arrived. */
export function afterLostResponse(item: Connection, error: unknown): unknown {
  const lostAt = item.lostAt ?? leftoverOf(item);
  if (lostAt === undefined || !isRefusal(error)) return error;
  return new Failure(
    'reconnect',
    'response_lost',
    `A response of Zoom was lost at ${utc(lostAt)}, and with it the new refresh token. Zoom has ended the earlier one.`,
    `Reconnect: npx zoom-tokens connect ${item.connection}`,
  );
}
