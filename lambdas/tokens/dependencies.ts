import type { N8n, N8nInstance } from './apis/n8n.ts';
import type { Zoom } from './apis/zoom.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Failure } from './errors.ts';
import type { FairShare } from './fair-share.ts';
import type { RescueStore } from './rescue.ts';
import type { Margins } from './schedule.ts';
import type { Keyring } from './sealing/keyring.ts';
import type { SealingKeySource } from './sealing/published-key.ts';
import type { OpeningKey } from './sealing/sealing-keyring.ts';
import type { Starter } from './start/start-request.ts';
import type { ConnectionStore } from './store/connection-store.ts';
import type { Vault } from './vault.ts';

/** Everything outside the domain that it needs. */
export interface Dependencies {
  now: Clock;
  /** Milliseconds of a clock that only runs forward, from any origin. It measures how long a step takes. */
  elapsed: () => number;
  /** Returns a number x with 0 ≤ x < 1. */
  random: () => number;
  /** Waits. Once `signal` is aborted, the wait may end early or reject. */
  wait: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  store: ConnectionStore;
  /** Left out, tokens that cannot be committed until the deadline are lost. */
  rescue?: RescueStore | undefined;
  /** The callback function alone has one. Left out, the next sweep does what would be started. */
  starter?: Starter | undefined;
  vault: Vault;
  zoom: Zoom;
  /** The keys for links and cookies. */
  keyring: Keyring;
  /** The public half of the sealing key. */
  sealingKey: SealingKeySource;
  /** The private halves of the sealing keys. */
  openingKey: OpeningKey;
  /** Publishes the public half of the sealing key, where that is not done yet. */
  publishKey: (options?: { fresh: boolean }) => Promise<void>;
  margins: Margins;
  /** The most bytes of a bundle's secret; `BUNDLE_BYTES.usual` if left out. */
  bundleBytes?: number;
  /** Without it nothing is pushed to n8n. */
  push?: Push | undefined;
  /** For how long a link can be used unless its maker says otherwise, seconds. */
  linkSeconds: number;
  /** For how long a consent may take at least, after its link was used; seconds. */
  consentSeconds: number;
  log: Log;
}

/**
 * The dependencies of the function that the internet reaches. It opens no stored token and knows no n8n: what needs either is
 * left to the rotate function, which it starts.
 */
export type CallbackDependencies = Omit<Dependencies, 'openingKey' | 'publishKey' | 'push'>;

/** The dependencies of the sweep, which alone sends alerts. */
export interface SweepDependencies extends Dependencies {
  alerts: Alerts;
}

/** An incident that is assumed for one app. Timestamps are epoch seconds. */
export interface AppIncident {
  app: string;
  since: number;
  /** Connections refused and refreshes granted in the last hour. */
  refused: number;
  granted: number;
  /** When the sweep ended that came before a gap of more than an hour, which a restored table shows as well. */
  gapSince?: number;
}

/** A link that waits for its person. */
export interface WaitingLink {
  connection: string;
  /** Absolute and relative, in words. */
  until: string;
}

/** Delivers alerts to people. */
export interface Alerts {
  /**
   * Sends one message that these connections must be connected again. Rejects when the delivery is not confirmed.
   * @param links that wait for a person already
   */
  reconnectNeeded(items: Connection[], links?: WaitingLink[]): Promise<void>;
  /** Alerts that n8n has held an expired token of these connections for a while, whatever the reason. */
  tokensExpired(items: Connection[]): Promise<void>;
  /** Notifies people that these connections, of which they were alerted, are well again. */
  recovered(items: Connection[]): Promise<void>;
  /** Alerts that Zoom refuses most connections of an app. */
  incidentAssumed(incident: AppIncident): Promise<void>;
}

/** The n8n instances by name. */
export type N8nInstances = ReadonlyMap<string, N8nInstance>;

/** The n8n secret, which contains the addresses and API keys of all n8n instances. */
export interface N8nSettings {
  /**
   * Returns the instances. They are cached for some seconds, so that a sweep reads the secret once.
   * @throws {Failure} `misconfigured` (`n8n_secret_denied`, `n8n_secret_unusable`)
   */
  read(options?: { fresh: boolean }): Promise<N8nInstances>;
  /**
   * Replaces all instances.
   * @throws {Failure} `misconfigured` (`n8n_secret_denied`) when the function is not allowed to write the secret
   */
  write(instances: N8nInstances): Promise<void>;
}

/** The dependencies of pushing to n8n, which is optional. */
export interface Push {
  settings: N8nSettings;
  /** Addresses of n8n, or `loopback`, that whoever deploys has listed. Tokens are pushed nowhere else. */
  urls: readonly string[];
  n8n: N8n;
  /**
   * Instances to which no request is sent until `until` (epoch seconds), and the error that paused them. An instance that
   * hangs must not use up the time of a sweep.
   */
  pauses: Map<string, { until: number; instance: N8nInstance; error: Failure }>;
  /** The pushes under way for each instance. A slow instance must not hold up the pushes to the others. */
  shares: FairShare;
}

/** Writes one structured line for each decision, with the connection, generation, version and class. */
export interface Log {
  info(message: string, details: LogDetails): void;
  warn(message: string, details: LogDetails): void;
  error(message: string, details: LogDetails): void;
}

export type LogDetails = Record<string, string | number | boolean | undefined>;
