import type { AppHealth } from '../judgement/app-health.ts';

/** The result of one health check of the whole fleet. */
export interface FleetHealth {
  /** Time of the check, epoch seconds; 0 if the next sweep must repeat it. */
  checkedAt: number;
  /** When the first token that n8n holds expires, epoch seconds; `null` without an active or misconfigured connection. */
  leastValidUntil: number | null;
  /** Capped, because the alarms only ask whether any connection waits. */
  reconnect: number;
  misconfigured: number;
}

/** The notes that a sweep leaves for later sweeps and for `doctor`. Timestamps are epoch seconds. */
export interface SweepNotes {
  /**
   * Records the end of a sweep that reuses the last health check. Returns that check. Returns `undefined` and records
   * nothing when the check is not newer than `checkedAfter`.
   * @param leastValidUntil replaces that figure after a sweep that changed connections, and makes the next sweep check again
   */
  reuseHealthCheck(
    sweptAt: number,
    check: { checkedAfter: number; leastValidUntil?: number | null },
  ): Promise<FleetHealth | undefined>;

  /** Makes the next sweep check the fleet's health, even if this sweep is interrupted. */
  expireHealthCheck(): Promise<void>;

  /** Records the end of a sweep and its health check. */
  recordHealthCheck(sweptAt: number, health: FleetHealth): Promise<void>;

  /** Records that no sweep ended between two timestamps, for longer than is normal. */
  noteGap(from: number, to: number): Promise<void>;

  /** Returns when the last sweep before a gap ended, where the gap was over after `since`. */
  lastGap(since: number): Promise<number | undefined>;

  /** Returns the apps of the deployment as they were noted last; `undefined` before the first sweep. */
  knownApps(): Promise<string[] | undefined>;

  noteApps(apps: readonly string[]): Promise<void>;

  /** Returns when the last sweep came to its end; `undefined` before the first. */
  sweptAt(): Promise<number | undefined>;
}

/** The health of each Zoom app. */
export interface AppNotes {
  appHealth(app: string): Promise<AppHealth | undefined>;

  /** Replaces an app's health, if its revision is the one before; false when another function was faster. */
  putAppHealth(app: string, health: AppHealth): Promise<boolean>;
}
