import type { Dependencies } from '../dependencies.ts';
import type { FleetHealth } from '../store/sweep-notes.ts';

/** The fleet's health as the alarms see it. */
export interface HealthMetrics {
  /** Minutes that n8n has left of the token that expires first; `undefined` without a rotatable connection. */
  minutesOfValidity: number | undefined;
  /** Capped at 100: the alarm only asks whether any connection waits, and an exact count would cost more. */
  reconnect: number;
  misconfigured: number;
}

/**
 * A full health check is reused for 150 s, so about every third sweep repeats it. Changes made elsewhere show up within
 * three minutes.
 */
export const HEALTH_CHECK_SECONDS = 150;
const MOST_COUNTED = 100;

/** Checks the health of the whole fleet: four queries, whatever its size. */
export async function checkFleetHealth({
  store,
  now,
}: Pick<Dependencies, 'store' | 'now'>): Promise<FleetHealth> {
  const [leastValidUntil, reconnect, misconfigured] = await Promise.all([
    store.leastValidUntil(),
    store.count('reconnect', MOST_COUNTED),
    store.count('misconfigured', MOST_COUNTED),
  ]);
  return { checkedAt: now(), leastValidUntil, reconnect, misconfigured };
}

/** Returns the figures of a health check as metrics, as of `now` (epoch seconds). */
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
