import type { Connection, ExternalCredential, PendingCredential, PushTarget, Status } from './connection.ts';
import type { FailureDetails } from './errors.ts';
import type { AppHealth } from './judgement/app-health.ts';
import type { Bundle } from './publication/bundle.ts';
import type { Place, Placed } from './publication/place.ts';

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
> &
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

/** Tokens that a rotation has replaced. */
interface ReplacedTokens {
  sealedTokens: string;
  /** When the access token expires by itself, epoch seconds. */
  expiresAt: number;
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

/** The end of a page of a query; only the store can read it. */
export type Cursor = Record<string, unknown>;

/** A connection that is due, as the index shows it. */
export type DueEntry = Pick<
  Connection,
  'connection' | 'app' | 'status' | 'dueAt' | 'validUntil' | 'suspectSince' | 'place'
>;

interface DuePage {
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
  /** Epoch seconds. A concurrent consent that is not older than this wins. */
  disconnectedAt: number;
  /** Disconnects this generation alone; any generation if absent. */
  generation?: number;
  /** When the tokens were revoked, if that is known already. Epoch seconds. */
  revokedAt?: number;
}

/** The fields that the end of a disconnection writes. */
export type DisconnectResult = Pick<Connection, 'revokedAt' | 'secretDeletedAt' | 'lastError' | 'targets'>;

/** The fields that a function writes which leaves the rest of a disconnection to another. */
type LeftDisconnect = Pick<Connection, 'dueAt' | 'secretDeletedAt'>;

/** The writes of a disconnection. */
export interface Disconnections {
  /**
   * Disconnects and takes the lease in one write, if the lease is free or expired. Increments generation and version, so
   * that no concurrent step can store its tokens. The tokens stay until `finishDisconnect`. It is due when the lease ends: a
   * sweep completes what its holder has not.
   */
  beginDisconnect(connection: string, disconnection: Disconnection): Promise<Connection | undefined>;

  /** Takes the lease of a connection whose disconnection is due to be completed. Returns the item with its lease. */
  leaseDisconnected(connection: string, lease: Lease & { now: number }): Promise<Connection | undefined>;

  /** Leaves the rest of the disconnection of exactly that version and lease holder to a sweep, and releases the lease. */
  leaveDisconnect(of: Connection, left: LeftDisconnect): Promise<boolean>;

  /** Completes the disconnection of exactly that version: erases the tokens and releases the lease. It is never due again. */
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

  /** Returns when the last sweep came to its end; `undefined` before the first. */
  sweptAt(): Promise<number | undefined>;
}

/** The health of each Zoom app. */
interface AppNotes {
  appHealth(app: string): Promise<AppHealth | undefined>;

  /** Replaces an app's health, if its revision is the one before; false when another function was faster. */
  putAppHealth(app: string, health: AppHealth): Promise<boolean>;
}

/** The bundles, which are not in the indexes: their members are. */
export interface Bundles {
  /** Returns the bundle, strongly consistent; `undefined` before its first member. */
  bundle(name: string): Promise<Bundle | undefined>;

  /** Replaces a bundle, if its revision is the one before; false when another function was faster. */
  putBundle(bundle: Bundle): Promise<boolean>;
}

/** The replaced tokens of a rotation, kept until it is measured whether they still live. One a connection at the most. */
interface ReplacedTokensStore {
  keepReplaced(connection: string, tokens: ReplacedTokens): Promise<void>;
  replaced(connection: string): Promise<ReplacedTokens | undefined>;
  dropReplaced(connection: string): Promise<void>;
}

/** Anything that is stored sealed: a connection's tokens, or replaced ones that are kept. */
export interface SealedItem {
  /** Names the item, and its place in a walk. */
  key: string;
  /** The connection for which it was sealed. */
  connection: string;
  sealedTokens: string;
}

/** The notes of a key rotation, from one sweep to the next. Timestamps are epoch seconds. */
export interface KeyRotation {
  /** Counts the writes of the notes. */
  revision: number;
  /** Id of the key with which everything is to be sealed. */
  keyId: string;
  /** When an operator replaced the key, or when a sweep first saw that it was replaced. */
  since: number;
  /** No look at what is stored before this time. */
  notBefore: number;
  /** Where the present pass is; missing at its begin. `key` is the `next` of the last page. */
  after?: { place: 'rescue' | 'table'; key?: string };
  /** What the present pass has found sealed with another key. */
  found: number;
  /** What the present pass could not open, with the current key nor with the previous one. */
  unreadable: number;
  /** When a pass had found nothing more: the previous key is not needed since. */
  completedAt?: number;
}

/** All that is stored sealed, whichever item it is in. */
export interface SealedItems {
  /**
   * Returns a page of what is stored sealed, of every connection in whatever status. No write changes the order. Strongly
   * consistent.
   * @param page.limit most items of the table to read, of which some are not sealed
   * @param page.after the `next` of the page before
   */
  sealed(page: {
    limit: number;
    after?: string | undefined;
  }): Promise<{ items: SealedItem[]; next?: string }>;

  /** Seals the same tokens again. Returns false when the item holds others by now. */
  reseal(item: SealedItem, sealedTokens: string): Promise<boolean>;

  keyRotation(): Promise<KeyRotation | undefined>;

  /** Replaces the notes, if their revision is the one before; false when another function was faster. */
  putKeyRotation(rotation: KeyRotation): Promise<boolean>;
}

/** How the consent of a link ended. `at` in epoch seconds. Neither holds a secret. */
export type ConsentEnd =
  | { kind: 'connected'; connection: string; at: number }
  | { kind: 'failed'; error: FailureDetails; at: number };

/** A callback's claim on the one use of a consent's authorization code. */
interface ConsentClaim {
  owner: string;
  /** When the claiming function has ended at the latest, epoch seconds. */
  until: number;
}

/** A link as its maker wants it. Timestamps are epoch seconds. */
export interface NewLink {
  id: string;
  connection: string;
  app: string;
  /** Whether a different Zoom user may take the connection over. */
  replaceUser: boolean;
  /** Whether its maker consents, who reads what to paste into n8n. */
  forMe: boolean;
  /** Where a new connection is published; a connection that exists keeps its place. */
  place?: Place;
  /** Id of the key that signed its ticket. */
  keyId: string;
  createdAt: number;
  expiresAt: number;
}

/** A link as it is stored. It holds no ticket. */
export interface StoredLink extends NewLink {
  /** When a browser went to Zoom with it. */
  usedAt?: number;
  claim?: ConsentClaim;
  end?: ConsentEnd;
}

interface LinkPage {
  links: StoredLink[];
  next?: Cursor;
}

/** The links by their ids, with the outcome of the consent of each. */
export interface Links {
  /** @param keepUntil when the link may be deleted, epoch seconds */
  createLink(link: NewLink, keepUntil: number): Promise<void>;

  /** Returns the link, strongly consistent; `undefined` without one. */
  link(id: string): Promise<StoredLink | undefined>;

  /**
   * Records the one use of a link. Returns false if it was used before, has ended or does not exist. A retry of the same
   * request by the SDK counts as one use.
   * @param until when the consent must be complete, epoch seconds
   */
  redeemLink(id: string, usedAt: number, until: number): Promise<boolean>;

  /**
   * Claims the consent. Returns false if it is claimed, has ended or has no link. A retry of the same request by the SDK
   * counts as one claim.
   */
  claimConsent(id: string, claim: ConsentClaim): Promise<boolean>;

  /** Returns the claim of `owner`, because the authorization code is unused. */
  releaseConsent(id: string, owner: string): Promise<void>;

  /**
   * Records the end of a link, unless it has ended or another owner has claimed the consent. Returns the connection that
   * the link is for; `undefined` where nothing was recorded.
   */
  endConsent(id: string, owner: string, end: ConsentEnd): Promise<string | undefined>;

  /**
   * Returns a page of the links that have not ended and whose wait is not over, the first to expire first. Eventually
   * consistent: what a link says may be newer than the selection.
   */
  openLinks(now: number, page: { limit: number; after?: Cursor | undefined }): Promise<LinkPage>;
}

/** All that the domain stores. */
export interface ConnectionStore
  extends Connections,
    Disconnections,
    UserClaims,
    SweepNotes,
    AppNotes,
    Bundles,
    ReplacedTokensStore,
    SealedItems,
    Links {}
