import type { Dependencies } from '../dependencies.ts';
import { warnOfFailure } from '../warn-of-failure.ts';

/**
 * Starts the rotate function for a connection that is due. Never throws: the next sweep makes up for a start that fails, is
 * lost or comes while another function holds the lease.
 */
export async function startConnection(
  connection: string,
  { starter, log }: Pick<Dependencies, 'starter' | 'log'>,
): Promise<void> {
  try {
    await starter?.start({ start: 'connection', connection });
  } catch (error) {
    warnOfFailure(log, 'The rotate function was not started; the next sweep does its work.', error, {
      connection,
    });
  }
}
