import type { Dependencies } from '../dependencies.ts';

/** How the whole fleet stands, for the alarms. */
export interface HealthMetrics {
  /** What n8n has left of the token that ends first; `undefined` without an active connection. */
  minutesOfValidity: number | undefined;
  /** Counted up to a hundred, as `misconfigured` is: that some wait is what rings, and their number must cost nothing. */
  reconnect: number;
  misconfigured: number;
}

/** What a sweep found that looked at the whole fleet. */
export interface FleetHealth {
  /** When; epoch seconds. 0 where the next sweep has to look again. */
  lookedAt: number;
  /** When n8n loses the first token, epoch seconds; `null` where nothing is active. */
  leastValidUntil: number | null;
  reconnect: number;
  misconfigured: number;
}

/** Two sweeps do with the look of the one before, the third looks again: what others did is seen within three minutes. */
export const HEALTH_CHECK_SECONDS = 150;
const MOST_COUNTED = 100;

export async function checkFleetHealth({
  store,
  now,
}: Pick<Dependencies, 'store' | 'now'>): Promise<FleetHealth> {
  const [leastValidUntil, reconnect, misconfigured] = await Promise.all([
    store.leastValidUntil(),
    store.count('reconnect', MOST_COUNTED),
    store.count('misconfigured', MOST_COUNTED),
  ]);
  return { lookedAt: now(), leastValidUntil, reconnect, misconfigured };
}

export function toHealthMetrics(
  { leastValidUntil, reconnect, misconfigured }: FleetHealth,
  now: number,
): HealthMetrics {
  return {
    minutesOfValidity:
      leastValidUntil === null ? undefined : Math.max(0, Math.round((leastValidUntil - now) / 60)),
    reconnect,
    misconfigured,
  };
}
