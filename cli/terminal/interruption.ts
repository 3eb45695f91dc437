import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, Interrupted } from '../errors.ts';

const controller = new AbortController();

/** Aborted by Ctrl-C or SIGTERM. Pass it to every request and delay. */
export const interruption: AbortSignal = controller.signal;

/** Makes the first Ctrl-C abort `interruption`, and a second one exit immediately. */
export function listenForInterruption(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interruption.aborted) process.exit(EXIT.interrupted);
      interrupt();
    });
  }
}

/** Aborts `interruption`. For prompts, which receive Ctrl-C themselves. */
export function interrupt(): void {
  controller.abort(new Interrupted());
}

/** Waits for the given seconds. @throws {Interrupted} */
export async function wait(seconds: number): Promise<void> {
  await delay(seconds * 1000, undefined, { signal: interruption }).catch(() => interruption.throwIfAborted());
}
