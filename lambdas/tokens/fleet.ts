import type { Dependencies } from './dependencies.ts';

/** How the whole fleet stands, for the alarms. */
export interface Health {
  /** What n8n has left of the token that ends first; `undefined` without an active connection. */
  minutesOfValidity: number | undefined;
  /** Counted up to a hundred, as `misconfigured` is: that some wait is what rings, and their number must cost nothing. */
  reconnect: number;
  misconfigured: number;
}

/** What a sweep found that looked at the whole fleet. */
export interface Look {
  /** When; epoch seconds. 0 where something was left to do, so that the next sweep looks again. */
  lookedAt: number;
  /** When n8n loses the first token, epoch seconds; `null` where nothing is active. */
  leastValidUntil: number | null;
  reconnect: number;
  misconfigured: number;
}

/** What others did, a consent or a disconnection, is seen after this long; seconds. */
const LOOK_SECONDS = 3 * 60;
const MOST_COUNTED = 100;

/** Is what the last sweeps found enough to tell how the fleet stands? */
export const isFresh = (look: Partial<Look>, now: number): look is Look =>
  now - (look.lookedAt ?? 0) < LOOK_SECONDS;

export async function lookAtFleet({ store, now }: Pick<Dependencies, 'store' | 'now'>): Promise<Look> {
  const [leastValidUntil, reconnect, misconfigured] = await Promise.all([
    store.leastValidUntil(),
    store.count('reconnect', MOST_COUNTED),
    store.count('misconfigured', MOST_COUNTED),
  ]);
  return { lookedAt: now(), leastValidUntil, reconnect, misconfigured };
}

export function healthOf({ leastValidUntil, reconnect, misconfigured }: Look, now: number): Health {
  return {
    minutesOfValidity:
      leastValidUntil === null ? undefined : Math.max(0, Math.round((leastValidUntil - now) / 60)),
    reconnect,
    misconfigured,
  };
}
