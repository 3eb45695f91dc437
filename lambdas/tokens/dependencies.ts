import type { N8n, N8nInstance } from './apis/n8n.ts';
import type { Zoom } from './apis/zoom.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Failure } from './errors.ts';
import type { Margins } from './schedule.ts';
import type { Keyring } from './sealing/keyring.ts';
import type { ConnectionStore } from './store.ts';
import type { Vault } from './vault.ts';

/** Everything outside that the domain needs. */
export interface Dependencies {
  now: Clock;
  /** 0 ≤ x < 1. */
  random: () => number;
  wait: (milliseconds: number) => Promise<void>;
  store: ConnectionStore;
  vault: Vault;
  zoom: Zoom;
  keyring: Keyring;
  margins: Margins;
  /** Left out, nothing is pushed to n8n. */
  push?: Push | undefined;
  /** How long a one-time link can be opened, and then how long a consent may take; seconds. */
  linkSeconds: number;
  log: Log;
}

/** The sweep's dependencies: it alone alerts people. */
export interface SweepDependencies extends Dependencies {
  alerts: Alerts;
}

/** Delivers alerts to people. */
export interface Alerts {
  /** Alerts, in one message, that these connections wait for a person. Rejects when it may not have been delivered. */
  reconnectNeeded(items: Connection[]): Promise<void>;
}

/** Every n8n instance by its name. */
export type N8nInstances = ReadonlyMap<string, N8nInstance>;

/** The one secret that holds the addresses and API keys of the n8n instances. */
export interface N8nSettings {
  /**
   * Returns the instances, remembered for seconds so that a sweep reads once.
   * @throws {Failure} `misconfigured` when the secret cannot be read or understood
   */
  read(options?: { fresh: boolean }): Promise<N8nInstances>;
  /** @throws {Failure} `misconfigured` when the function may not write it */
  write(instances: N8nInstances): Promise<void>;
}

/** The dependencies of pushing to n8n; a deployment may go without. */
export interface Push {
  settings: N8nSettings;
  n8n: N8n;
  /** Instances that are not asked until then, and why: an instance that hangs must not use up a sweep's time. */
  pauses: Map<string, { until: number; instance: N8nInstance; error: Failure }>;
}

/** Writes one structured line a decision, with the connection, generation, version and class that it concerns. */
export interface Log {
  info(message: string, details: LogDetails): void;
  warn(message: string, details: LogDetails): void;
  error(message: string, details: LogDetails): void;
}

export type LogDetails = Record<string, string | number | boolean | undefined>;
