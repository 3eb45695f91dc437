import type { Zoom } from './apis/zoom.ts';
import type { Clock } from './clock.ts';
import type { Margins } from './connection.ts';
import type { Push } from './push/push.ts';
import type { Keyring } from './sealing/keyring.ts';
import type { ConnectionStore } from './store.ts';
import type { Alerts } from './sweep/reconnect-alerts.ts';
import type { Vault } from './vault.ts';

/** Everything the domain needs of the outside. */
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
  /** For how long a one-time link may be opened, and then a consent may take; seconds. */
  linkSeconds: number;
  log: Log;
}

/** What the sweep needs besides: it alone tells people. */
export interface SweepDependencies extends Dependencies {
  alerts: Alerts;
}

/** One structured line a decision: what, and the connection, generation, version and class it is about. */
export interface Log {
  info(message: string, details: LogDetails): void;
  warn(message: string, details: LogDetails): void;
  error(message: string, details: LogDetails): void;
}

export type LogDetails = Record<string, string | number | boolean | undefined>;
