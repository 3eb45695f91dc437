import type { Connection, ExternalCredential, PendingCredential, PushTarget, Status } from './connection.ts';

/** The lease of a connection: its holder and its expiry, epoch seconds. */
export interface Lease {
  owner: string;
  until: number;
}

/** The fields that a consent, or a first Server-to-Server token, writes. */
export type Consent = Pick<
  Connection,
  | 'connection'
  | 'app'
  | 'grantType'
  | 'sealedTokens'
  | 'expiresAt'
  | 'consentedAt'
  | 'consentId'
  | 'overlap'
  | 'scope'
  | 'zoomUserId'
  | 'zoomAccountId'
>;

/** The fields that a rotation writes; an optional one that is left out keeps its value. */
type Rotation = Pick<Connection, 'sealedTokens' | 'expiresAt' | 'rotatedAt' | 'scope'>;

/** The fields that a failed step writes. */
export type StepFailure = Pick<Connection, 'status' | 'dueAt' | 'failures' | 'targets'> &
  Required<Pick<Connection, 'lastError'>>;

/** An item that a function cannot read safely. */
export interface UnreadableItem {
  connection: string;
  /** Such as `version is missing`. They contain no value. */
  problems: string[];
}

/** The fields that a completed step writes. An optional field that is absent keeps its value. */
type Settlement = Pick<
  Connection,
  'validUntil' | 'dueAt' | 'targets' | 'zoomUserId' | 'zoomAccountId' | 'publications'
> &
  Partial<Pick<Connection, 'overlap'>>;

/** What a connection knows of n8n's credentials, besides the push targets. */
export interface OtherCredentials {
  externalCredentials?: ExternalCredential[];
  pendingCredentials?: PendingCredential[];
}

/**
 * The items of the connections. Reads by key are strongly consistent, and every write has a condition.
 * A method returns `undefined` (or `false`) when its condition failed because another writer was faster.
 */
export interface Connections {
  /** Returns the connection; `undefined` without an item, or when `unreadable` has it. */
  get(connection: string): Promise<Connection | undefined>;

  /** Returns all connections, unordered. It reads the whole table, so the sweep does not use it. */
  list(): Promise<Connection[]>;

  /**
   * Returns the items that cannot be read. The sweep leaves them alone.
   * @param connection whose item `get` has just read; all items without it
   */
  unreadable(connection?: string): Promise<UnreadableItem[]>;

  /** Returns the names of the connections in `status` that are due, earliest first. Eventually consistent. */
  due(status: Status, now: number, limit: number): Promise<string[]>;

  /** Returns how many connections are in `status`, at most `most`. Eventually consistent. */
  count(status: Status, most: number): Promise<number>;

  /** Returns the earliest `validUntil` of the active connections, `null` if there are none. Eventually consistent. */
  leastValidUntil(): Promise<number | null>;

  /**
   * Takes the lease if it is free or expired, the connection is active or misconfigured and, unless `early`, due.
   * `inAnyStatus` serves changes other than steps. Returns the item with its lease.
   */
  lease(
    connection: string,
    lease: Lease & { now: number; early: boolean; inAnyStatus?: boolean },
  ): Promise<Connection | undefined>;

  /**
   * Stores a consent: increments generation and version, active, due immediately. A live lease stays with its holder.
   * Returns the resulting item. The item is unchanged when the consent
   * - repeats the same write, recognized by its `consentId`;
   * - is older by `consentedAt` than one that was stored after the generation `seen`;
   * - was given by a different Zoom user than the owner of the connection;
   * - is older than a later disconnection.
   * @param seen the generation before the request to Zoom, 0 without a connection
   */
  commitConsent(consent: Consent, seen: number): Promise<Connection>;

  /** Stores the rotation of exactly that version: increments it and resets the failures. Keeps the lease. */
  commitRotation(of: Connection, rotation: Rotation): Promise<Connection | undefined>;

  /** Completes a step of the lease holder: marks the version as published and active, and releases the lease. */
  settle(of: Connection, settlement: Settlement): Promise<boolean>;

  /** Records a failed step of exactly that version and lease holder, and releases the lease. */
  fail(of: Connection, failure: StepFailure): Promise<boolean>;

  /** Postpones the next alert of a connection in `reconnect`, if its version is unchanged. */
  snoozeAlert(of: Connection, dueAt: number): Promise<boolean>;

  /**
   * Replaces the push targets, and those of the other lists that are given; an empty list is removed. The caller holds
   * the lease and keeps it.
   */
  setPushTargets(of: Connection, targets: PushTarget[], others?: OtherCredentials): Promise<boolean>;

  /** Releases the lease and changes nothing else. */
  release(of: Connection): Promise<void>;
}

/** The start of a disconnection, and the lease that it takes. */
interface Disconnection extends Lease {
  now: number;
  /** Epoch seconds. A concurrent consent that is not older than this wins. */
  disconnectedAt: number;
  /** Disconnects this generation alone; any generation if absent. */
  generation?: number;
}

/** The fields that the end of a disconnection writes. */
export type DisconnectResult = Pick<Connection, 'revokedAt' | 'secretDeletedAt' | 'lastError'>;

/** The two writes of a disconnection. */
export interface Disconnections {
  /**
   * Disconnects and takes the lease in one write, if the lease is free or expired. Increments generation and version, so
   * that no concurrent step can store its tokens. The tokens stay until `finishDisconnect`.
   */
  beginDisconnect(connection: string, disconnection: Disconnection): Promise<Connection | undefined>;

  /** Completes the disconnection of exactly that version: erases the tokens and releases the lease. */
  finishDisconnect(of: Connection, result: DisconnectResult): Promise<Connection | undefined>;
}

/** The claims of connections on the Zoom users of an app. */
export interface UserClaims {
  /**
   * Claims a Zoom user of an app for a connection. Returns the connection that holds the user: the claimant, or an earlier
   * one that is still connected as that user or whose first consent is in progress.
   * @param claim.until when the claim expires unless a consent follows; epoch seconds, as `now`
   * @param claim.from a connection that loses the user to the claimant
   */
  claimUser(
    app: string,
    zoomUserId: string,
    connection: string,
    claim: { now: number; until: number; from?: string },
  ): Promise<string>;

  /** Returns the connection that holds a Zoom user of an app, as `claimUser` would, without claiming. */
  holderOf(app: string, zoomUserId: string, now: number): Promise<string | undefined>;

  /** Returns the connection that claimed the Zoom user last, whatever its status. */
  claimant(app: string, zoomUserId: string): Promise<string | undefined>;
}

/** The result of one health check of the whole fleet. */
export interface FleetHealth {
  /** Time of the check, epoch seconds; 0 if the next sweep must repeat it. */
  checkedAt: number;
  /** When the first token that n8n holds expires, epoch seconds; `null` without an active connection. */
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

  /** Returns when the last sweep completed; `undefined` before the first. */
  sweptAt(): Promise<number | undefined>;
}

/** Ids that can be used once. */
export interface Redemptions {
  /**
   * Records the use of a one-time id. Returns false if it was used before. A retry of the same request by the SDK counts
   * as one use.
   * @param until when the record may be deleted, epoch seconds
   */
  redeem(id: string, until: number): Promise<boolean>;
}

/** Everything that the domain stores. */
export interface ConnectionStore extends Connections, Disconnections, UserClaims, SweepNotes, Redemptions {}
