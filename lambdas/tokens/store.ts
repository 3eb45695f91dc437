import type { Connection, PushTarget, Status } from './connection.ts';
import type { AppHealth } from './judgement/app-health.ts';

/** The lease holder of a connection, and until when; epoch seconds. */
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
  | 'zoomUserId'
  | 'zoomAccountId'
>;

/** The fields that a rotation writes. */
type Rotation = Pick<Connection, 'sealedTokens' | 'expiresAt' | 'rotatedAt' | 'clientId'>;

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
> &
  Required<Pick<Connection, 'lastError'>>;

/** The fields that a completed step writes; an optional one that is left out keeps its value. */
type Settlement = Pick<
  Connection,
  | 'validUntil'
  | 'dueAt'
  | 'targets'
  | 'overlapSeen'
  | 'overlapAskedAt'
  | 'measureAt'
  /** Kept where the rescue store could not be read. */
  | 'askedAt'
> &
  Partial<Pick<Connection, 'overlap'>>;

/** Tokens that a rotation has replaced. */
interface ReplacedTokens {
  sealedTokens: string;
  /** When the access token expires by itself, epoch seconds. */
  expiresAt: number;
}

/**
 * The connections' items: strongly consistent, every write under a condition.
 * A method returns `undefined` (or `false`) when its condition did not hold, because another writer was faster.
 */
export interface Connections {
  get(connection: string): Promise<Connection | undefined>;

  /** Returns all connections, in no order; for people, not for the sweep. */
  list(): Promise<Connection[]>;

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

  /** Returns the earliest `validUntil` of the active connections, `null` without any. Eventually consistent. */
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
   * Stores a consent: generation and version +1, active, due at once. A live lease stays with its holder.
   * Returns the item as it is afterwards, which is unchanged when the consent is
   * - a repetition of the same write, recognized by its `consentId`;
   * - older by `consentedAt` than one that was stored since the generation `seen`;
   * - given by another Zoom user than the connection's owner;
   * - older than a disconnection that came since.
   * @param seen the generation before Zoom was asked, 0 where there was no connection
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

  /** Stores a rotation of exactly that version: version +1, no failures. The lease stays until `settle`. */
  commitRotation(of: Connection, rotation: Rotation): Promise<Connection | undefined>;

  /** Completes a step of the lease holder: active, what is published is noted, the lease and `askedAt` removed. */
  settle(of: Connection, settlement: Settlement): Promise<boolean>;

  /** Ends a failed step of exactly that version of the lease holder, and releases the lease. `askedAt` stays if given. */
  fail(of: Connection, failure: StepFailure): Promise<boolean>;

  /** Postpones the next alert of a connection in `reconnect`, if its version is unchanged. */
  snoozeAlert(of: Connection, alert: { dueAt: number; alertedAt: number }): Promise<boolean>;

  /** Records when people were alerted of a connection, or `undefined` that it is well again, if its version is unchanged. */
  noteAlert(of: Connection, alertedAt: number | undefined): Promise<boolean>;

  /** Makes a connection in `reconnect` due for an attempt, if its version is unchanged. */
  retryReconnect(of: Connection, dueAt: number): Promise<boolean>;

  /** Replaces the push targets; an empty list removes them. The caller holds the lease and keeps it. */
  setPushTargets(of: Connection, targets: PushTarget[]): Promise<boolean>;

  /**
   * Releases the lease and changes nothing else.
   * @param options.isUnfinished keeps `askedAt`: a later step still has to look for what an earlier one left
   */
  release(of: Connection, options?: { isUnfinished: boolean }): Promise<void>;
}

/** Where a page of a query ended; only the store can read it. */
export type Cursor = Record<string, unknown>;

/** A connection that is due, as the index shows it. */
export type DueEntry = Pick<
  Connection,
  'connection' | 'app' | 'status' | 'dueAt' | 'validUntil' | 'suspectSince'
>;

export interface DuePage {
  entries: DueEntry[];
  /** Missing after the last page. */
  next?: Cursor;
}

/** A connection whose published token has expired, as the index shows it. */
export type ExpiredEntry = Pick<Connection, 'connection' | 'app' | 'status' | 'validUntil' | 'alertedAt'>;

interface ExpiredPage {
  entries: ExpiredEntry[];
  next?: Cursor;
}

/** A disconnection's begin: the lease that it takes, and from when on the connection is no longer wanted. */
interface Disconnection extends Lease {
  now: number;
  /** Epoch seconds. A consent that crosses it and is not older wins. */
  disconnectedAt: number;
  /** Disconnects only this generation; any where it is left out. */
  generation?: number;
}

/** The outcome that the end of a disconnection writes. */
export type DisconnectResult = Pick<Connection, 'revokedAt' | 'secretDeletedAt' | 'lastError'>;

/** The two writes of a disconnection. */
export interface Disconnections {
  /**
   * Disconnects and takes the lease, in one write, when no other lease is alive: generation and version +1, so that
   * nothing that is under way can be stored any more. The tokens stay until `finishDisconnect`.
   */
  beginDisconnect(connection: string, disconnection: Disconnection): Promise<Connection | undefined>;

  /** Ends the disconnection of exactly that version: no tokens, nothing published, the lease released. */
  finishDisconnect(of: Connection, result: DisconnectResult): Promise<Connection | undefined>;
}

/** Which connection holds which Zoom user of an app. */
export interface UserClaims {
  /**
   * Claims a Zoom user of an app for a connection. Returns the connection that holds the user: the claimant, or one
   * that was faster and is still connected as that user, or whose first consent is under way.
   * @param claim.until when a claim expires that no consent has followed; epoch seconds, as `now`
   */
  claimUser(
    app: string,
    zoomUserId: string,
    connection: string,
    claim: { now: number; until: number },
  ): Promise<string>;

  /** Returns the connection that holds a Zoom user of an app, as `claimUser` would, without claiming. */
  holderOf(app: string, zoomUserId: string, now: number): Promise<string | undefined>;

  /** Returns the connection that claimed the Zoom user last, whatever has become of it. */
  claimant(app: string, zoomUserId: string): Promise<string | undefined>;
}

/** The state of the whole fleet, as one health check found it. */
export interface FleetHealth {
  /** When it was checked, epoch seconds; 0 where the next sweep has to check again. */
  checkedAt: number;
  /** When n8n loses the first token, epoch seconds; `null` where nothing is active. */
  leastValidUntil: number | null;
  /** Capped: the alarms only ask whether any connection waits. */
  reconnect: number;
  misconfigured: number;
}

/** The notes that a sweep leaves to the next ones and to `doctor`. Timestamps are epoch seconds. */
export interface SweepNotes {
  /**
   * Records the end of a sweep that reuses the last health check. Returns that check, or `undefined` where it is not
   * younger than `checkedAfter`; then nothing is recorded.
   * @param leastValidUntil the sweep changed connections: replaces that figure, and makes the next sweep check again
   */
  reuseHealthCheck(
    sweptAt: number,
    check: { checkedAfter: number; leastValidUntil?: number | null },
  ): Promise<FleetHealth | undefined>;

  /** Makes the next sweep check the fleet's health, whatever becomes of this one. */
  expireHealthCheck(): Promise<void>;

  /** Records the end of a sweep, and the health check that it made. */
  recordHealthCheck(sweptAt: number, health: FleetHealth): Promise<void>;

  /** Records that no sweep ended between two timestamps, for longer than is normal. */
  noteGap(from: number, to: number): Promise<void>;

  /** Returns when the last sweep before a gap ended, where the gap was over after `since`. */
  lastGap(since: number): Promise<number | undefined>;

  /** Returns when the last sweep came to its end; `undefined` before the first. */
  sweptAt(): Promise<number | undefined>;
}

/** What the functions know of each Zoom app. */
interface AppNotes {
  appHealth(app: string): Promise<AppHealth | undefined>;

  /** Replaces an app's health, if its revision is the one before; false when another function was faster. */
  putAppHealth(app: string, health: AppHealth): Promise<boolean>;
}

/** The replaced tokens of a rotation, kept until it is measured whether they still live. One a connection at the most. */
interface ReplacedTokensStore {
  keepReplaced(connection: string, tokens: ReplacedTokens): Promise<void>;
  replaced(connection: string): Promise<ReplacedTokens | undefined>;
  dropReplaced(connection: string): Promise<void>;
}

/** One-time ids. */
export interface Redemptions {
  /**
   * Notes that a one-time id was used; false when it had been before. A repetition of the same request by the SDK
   * counts as one use.
   * @param until when the note may be deleted, epoch seconds
   */
  redeem(id: string, until: number): Promise<boolean>;
}

/** All that the domain stores. */
export interface ConnectionStore
  extends Connections,
    Disconnections,
    UserClaims,
    SweepNotes,
    AppNotes,
    ReplacedTokensStore,
    Redemptions {}
