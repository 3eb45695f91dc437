import { setTimeout } from 'node:timers/promises';

/** A clock in milliseconds from an arbitrary start. */
interface Time {
  now(): number;
  wait(milliseconds: number): Promise<unknown>;
}

const REAL_TIME: Time = { now: () => performance.now(), wait: (milliseconds) => setTimeout(milliseconds) };

/** Returns a function whose calls resolve at most `perSecond` times a second, in order and without bursts. */
export function createRateLimit(perSecond: number, { now, wait }: Time = REAL_TIME): () => Promise<void> {
  let next = now();
  return async () => {
    const mine = Math.max(now(), next);
    next = mine + 1000 / perSecond;
    if (mine > now()) await wait(mine - now());
  };
}
