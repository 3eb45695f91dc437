import type { Dependencies } from '../dependencies.ts';
import { RETRY_END_SECONDS } from '../time-budget.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * Retries what must not be lost until the deadline (epoch seconds); tries at least once.
 * @throws the last error when time is up
 */
export async function retryUntil<T>(
  deadline: number,
  operation: () => Promise<T>,
  { now, wait }: Pick<Dependencies, 'now' | 'wait'>,
): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await operation();
    } catch (error) {
      if (now() + pause / 1000 >= deadline - RETRY_END_SECONDS) throw error;
      await wait(pause);
    }
  }
}
