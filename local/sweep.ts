import { toFailure } from '../lambdas/tokens/errors.ts';
import type { LocalStack } from './local-stack.ts';

/** Runs a sweep. One that fails is an entry of the journal, and the next sweep makes up for it. */
export async function sweep({ sweep: run, journal }: Pick<LocalStack, 'sweep' | 'journal'>): Promise<void> {
  try {
    await run();
  } catch (error) {
    const { message, code } = toFailure(error);
    const text = `The sweep of all connections failed. ${message} What it left undone is due at the next one, within a minute.`;
    journal.log.error(text, { code });
  }
}
