import type { Clock } from '../lambdas/tokens/clock.ts';

const realSeconds = () => Date.now() / 1000;

/** Creates a clock that starts at the present time and runs `speed` times as fast as real time. */
export function fastClock(speed: number): Clock {
  const start = realSeconds();
  return () => Math.floor(start + (realSeconds() - start) * speed);
}

/** Creates a clock that starts at the present time and moves only when `advance` is called (seconds). */
export function manualClock(): { now: Clock; advance(seconds: number): void } {
  let now = Math.floor(realSeconds());
  return {
    now: () => now,
    advance(seconds) {
      now += seconds;
    },
  };
}
