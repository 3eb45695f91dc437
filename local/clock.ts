import type { Clock } from '../lambdas/tokens/clock.ts';

const realSeconds = () => Date.now() / 1000;

/** A clock that starts now and runs `speed` times as fast as time does. */
export function fastClock(speed: number): Clock {
  const start = realSeconds();
  return () => Math.floor(start + (realSeconds() - start) * speed);
}

/** A clock that stands still until it is told to go on. */
export function manualClock(): { now: Clock; advance(seconds: number): void } {
  let now = Math.floor(realSeconds());
  return {
    now: () => now,
    advance(seconds) {
      now += seconds;
    },
  };
}
