import type { Dependencies } from '../dependencies.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;
/** Left of the function's time, for its own end. */
const RESERVE_SECONDS = 2;

/**
 * Tries to store what must not be lost until the deadline (epoch seconds); at least once.
 * @throws the store's last error when time is up
 */
export async function retryUntil<T>(
  store: () => Promise<T>,
  { now, wait }: Pick<Dependencies, 'now' | 'wait'>,
  deadline: number,
): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await store();
    } catch (error) {
      if (now() + pause / 1000 >= deadline - RESERVE_SECONDS) throw error;
      await wait(pause);
    }
  }
}
