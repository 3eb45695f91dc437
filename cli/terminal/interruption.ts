import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, Interrupted } from '../errors.ts';

const controller = new AbortController();

/** Aborted by Ctrl-C. Whoever waits for something passes it on. */
export const interruption: AbortSignal = controller.signal;

/** The first Ctrl-C lets the command end in order; a second one ends it at once. */
export function listenForInterruption(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interruption.aborted) process.exit(EXIT.interrupted);
      interrupt();
    });
  }
}

/** A question at the terminal takes Ctrl-C itself. */
export function interrupt(): void {
  controller.abort(new Interrupted());
}

/** @throws {Interrupted} */
export async function wait(seconds: number): Promise<void> {
  await delay(seconds * 1000, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted());
}
