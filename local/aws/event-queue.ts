import { setImmediate } from 'node:timers/promises';
import { invoke, type LocalFunction } from './lambda.ts';

/** Takes an event that a function gets later. */
export type Enqueue = (fn: LocalFunction, event: unknown) => void;

interface EventQueueOptions {
  speed: number;
  /** Returns how often a function gets the event. Lambda delivers at least once, and drops what is too old. Default: 1. */
  deliveries?: () => number;
  /** Is called with the error of a function and its event: no caller waits for it. */
  onError: (error: unknown, event: unknown) => void;
}

/**
 * Creates the queue in which Lambda keeps asynchronous invocations: a caller learns only that its event was accepted. The
 * function is invoked later and without retries, as the stack configures it.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function createEventQueue({ speed, deliveries = () => 1, onError }: EventQueueOptions) {
  const underWay = new Set<Promise<void>>();
  const deliver = async (fn: LocalFunction, event: unknown): Promise<void> => {
    await setImmediate();
    await invoke(fn, event, speed).catch((error) => onError(error, event));
  };
  const enqueue: Enqueue = (fn, event) => {
    for (let left = deliveries(); left > 0; left -= 1) {
      const delivered: Promise<void> = deliver(fn, structuredClone(event)).finally(() =>
        underWay.delete(delivered),
      );
      underWay.add(delivered);
    }
  };
  return {
    enqueue,
    /** Resolves when every event that was accepted has been handled. */
    async settled(): Promise<void> {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
