import type { Connection, ExternalCredential, PendingCredential, PushTarget, Status } from '../connection.ts';
import type { Placed } from '../publication/place.ts';
import type { Cursor, DuePage, ExpiredPage } from './pages.ts';

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
  | 'clientId'
  | 'scope'
  | 'zoomUserId'
  | 'zoomAccountId'
  /** Left out, a connection keeps its place. */
  | 'place'
  | 'noRoomIn'
>;

/** The fields that a rotation writes; an optional one that is left out keeps its value. */
export type Rotation = Pick<Connection, 'sealedTokens' | 'expiresAt' | 'rotatedAt' | 'clientId' | 'scope'>;

/** The fields that a failed step writes. */
export type StepFailure = Pick<
  Connection,
  | 'status'
  | 'dueAt'
  | 'failures'
  | 'failingSince'
  | 'suspectSince'
  | 'refusals'
  | 'validUntil'
  | 'targets'
  | 'lostAt'
  /** Kept where a later step has to look for tokens that could not be stored. */
  | 'askedAt'
  | 'oldPlaces'
  | 'publications'
> &
  /** The version that the step has published although it failed. */
  Partial<Pick<Connection, 'publishedVersion'>> &
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
  | 'validUntil'
  | 'dueAt'
  | 'targets'
  | 'overlapSeen'
  | 'overlapAskedAt'
  | 'measureAt'
  | 'zoomUserId'
  | 'zoomAccountId'
  | 'publications'
  | 'oldPlaces'
  /** Kept where the rescue store could not be read. */
  | 'askedAt'
> &
  Partial<Pick<Connection, 'overlap'>>;

/** The n8n credentials of a connection besides its push targets. */
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

  /** Returns those of the connections that exist and can be read, in the order of the names. */
  getAll(connections: readonly string[]): Promise<Connection[]>;

  /** Returns all connections, unordered. It reads the whole table, so the sweep does not use it. */
  list(): Promise<Connection[]>;

  /**
   * Returns the items that cannot be read. The sweep leaves them alone.
   * @param connection whose item `get` or `getAll` has just read; all items without it
   */
  unreadable(connection?: string): Promise<UnreadableItem[]>;

  /**
   * Returns a page of the connections in `status` that are due, in the order in which they became due. Eventually
   * consistent.
   * @param page.after where the page before ended
   */
  due(status: Status, now: number, page: { limit: number; after?: Cursor | undefined }): Promise<DuePage>;

  /**
   * Returns a page of the connections in `status` whose published token expired before `before` (epoch seconds), the
   * oldest first. Eventually consistent.
   */
  expired(
    status: Status,
    before: number,
    page: { limit: number; after?: Cursor | undefined },
  ): Promise<ExpiredPage>;

  /** Returns how many connections are in `status`, at most `most`. Eventually consistent. */
  count(status: Status, most: number): Promise<number>;

  /**
   * Returns the earliest `validUntil` of the active and misconfigured connections, `null` if there are none. Eventually
   * consistent.
   */
  leastValidUntil(): Promise<number | null>;

  /**
   * Takes the lease when no other is alive, the connection is active or misconfigured and, unless `early`, due.
   * `inReconnect` allows a connection that waits for a person as well; `inAnyStatus` is for changes that are no step.
   * Returns the item with its lease. `askedAt` is set where it was missing: a holder that is killed leaves it behind, and
   * `leftoverOf` tells it from the lease's own.
   */
  lease(
    connection: string,
    lease: Lease & { now: number; early: boolean; inReconnect?: boolean; inAnyStatus?: boolean },
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

  /**
   * Notes that a consent is kept in the rescue store, and makes the connection active and due, unless it is disconnected.
   * A later one replaces it, and so does a consent that is stored.
   */
  noteKeptConsent(
    connection: string,
    kept: NonNullable<Connection['keptConsent']>,
    dueAt: number,
  ): Promise<boolean>;

  /** Forgets the kept consent, unless it is another one by now. */
  dropKeptConsent(of: Connection): Promise<void>;

  /**
   * Stores the rotation of exactly that version: increments it and resets the failures. Keeps the lease.
   * @param how.isRoutine the caller holds the lease, and there is nothing to reset: then the indexes learn of the rotation
   * with the end of the step, which is cheaper
   */
  commitRotation(
    of: Connection,
    rotation: Rotation,
    how?: { isRoutine: boolean },
  ): Promise<Connection | undefined>;

  /** Completes a step of the lease holder: marks the version as published and active, and releases the lease. `askedAt` stays if given. */
  settle(of: Connection, settlement: Settlement): Promise<boolean>;

  /**
   * Records a failed step of exactly that version and lease holder, and releases the lease. A connection that begins to
   * wait for a person loses the time of its last alert, which was of something else. `askedAt` stays if given.
   */
  fail(of: Connection, failure: StepFailure): Promise<boolean>;

  /** Postpones the next alert of a connection in `reconnect`, if its version is unchanged. */
  snoozeAlert(of: Connection, alert: { dueAt: number; alertedAt: number }): Promise<boolean>;

  /** Records when people were alerted of a connection, or `undefined` that it is well again, if its version is unchanged. */
  noteAlert(of: Connection, alertedAt: number | undefined): Promise<boolean>;

  /** Makes a connection in `reconnect` due for an attempt, if its version is unchanged. */
  retryReconnect(of: Connection, dueAt: number): Promise<boolean>;

  /**
   * Replaces the push targets, and those of the other lists that are given; an empty list is removed. The caller holds
   * the lease and keeps it.
   */
  setPushTargets(of: Connection, targets: PushTarget[], others?: OtherCredentials): Promise<boolean>;

  /**
   * Replaces the places of exactly that version, and makes the connection due, so that a step publishes it there. The caller
   * holds the lease and keeps it.
   */
  setPlaces(of: Connection, places: Required<Placed>, dueAt: number): Promise<boolean>;

  /**
   * Releases the lease and changes nothing else.
   * @param options.isUnfinished keeps `askedAt`: a later step still has to look for what an earlier one left
   */
  release(of: Connection, options?: { isUnfinished: boolean }): Promise<void>;
}
