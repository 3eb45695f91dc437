import { setTimeout } from 'node:timers/promises';

/** Milliseconds from some beginning, and how to let some pass. */
interface Time {
  now(): number;
  wait(milliseconds: number): Promise<unknown>;
}

const REAL_TIME: Time = { now: () => performance.now(), wait: (milliseconds) => setTimeout(milliseconds) };

/** Each call resolves when it is its turn: at once, or the pace's interval after the turn before. */
export function createRateLimit(perSecond: number, { now, wait }: Time = REAL_TIME): () => Promise<void> {
  let next = now();
  return async () => {
    const mine = Math.max(now(), next);
    next = mine + 1000 / perSecond;
    if (mine > now()) await wait(mine - now());
  };
}
