import type { Connection, PushTarget, Status } from './connection.ts';
import type { FleetHealth } from './sweep/fleet-health.ts';

/** What a consent, or a first Server-to-Server token, writes. */
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
  | 'zoomUserId'
  | 'zoomAccountId'
>;

/** What a rotation writes. */
type Rotation = Pick<Connection, 'sealedTokens' | 'expiresAt' | 'rotatedAt'>;

/** What a failed step writes. */
export type StepFailure = Pick<Connection, 'status' | 'dueAt' | 'failures' | 'targets'> &
  Required<Pick<Connection, 'lastError'>>;

/** What a step that came to its end writes; what is optional stays where it is not told. */
type Settlement = Pick<Connection, 'validUntil' | 'dueAt' | 'targets'> & Partial<Pick<Connection, 'overlap'>>;

/** Who disconnects, and what of: the lease that it takes, and from when on the connection is no longer wanted. */
interface Disconnection extends Lease {
  now: number;
  /** Epoch seconds. A consent that crosses it and is not older wins. */
  disconnectedAt: number;
  /** Only this generation is meant; any, unless told. */
  generation?: number;
}

/** What a disconnection that came to its end writes. */
export type DisconnectResult = Pick<Connection, 'revokedAt' | 'secretDeletedAt' | 'lastError'>;

/**
 * Where connections live: strongly consistent, every write under a condition.
 * A method answers `undefined` (or `false`) when its condition did not hold: somebody else was faster.
 */
export interface ConnectionStore {
  get(connection: string): Promise<Connection | undefined>;

  /** All connections, in no order; for people, not for the sweep. */
  list(): Promise<Connection[]>;

  /** Names of the connections in `status` that are due, the most urgent first. Eventually consistent. */
  due(status: Status, now: number, limit: number): Promise<string[]>;

  /** How many connections are in `status`, `most` where there are as many or more. Eventually consistent. */
  count(status: Status, most: number): Promise<number>;

  /** The `validUntil` of the active connection that n8n loses first, `null` without one. Eventually consistent. */
  leastValidUntil(): Promise<number | null>;

  /**
   * Takes the lease when no other is alive, the connection is active or misconfigured and, unless `early`, due.
   * `inAnyStatus` is for changes that are no step. Answers the item as it is then.
   */
  lease(
    connection: string,
    lease: Lease & { now: number; early: boolean; inAnyStatus?: boolean },
  ): Promise<Connection | undefined>;

  /**
   * Stores a consent: generation and version +1, active, due at once. A live lease stays with its holder.
   * A repetition, told by its `consentId`, changes nothing; nor does a consent that crossed a newer one, told by
   * `consentedAt` where the generation is no longer `seen`, or one of another Zoom user, or one that is older than a
   * disconnection which it crossed. The answer is the item as it is.
   * @param seen the generation before Zoom was asked, 0 where there was no connection
   */
  commitConsent(consent: Consent, seen: number): Promise<Connection>;

  /** Stores a rotation of exactly that version: version +1, no failures. The lease stays until `settle`. */
  commitRotation(of: Connection, rotation: Rotation): Promise<Connection | undefined>;

  /** Ends a step by its lease's holder: active, what is published is noted, the lease released. */
  settle(of: Connection, settled: Settlement): Promise<boolean>;

  /** Ends a failed step of exactly that version by its lease's holder. */
  fail(of: Connection, failure: StepFailure): Promise<boolean>;

  /** Puts off the next alert of a connection that waits for a person, if it still is as it was. */
  snoozeAlert(of: Connection, dueAt: number): Promise<boolean>;

  /** Changes whom the connection is pushed to, by its lease's holder, who keeps the lease; none: empty. */
  setPushTargets(of: Connection, targets: PushTarget[]): Promise<boolean>;

  /**
   * Disconnects and takes the lease, in one write, when no other lease is alive: generation and version +1, so that
   * nothing that is under way can be stored any more. The tokens stay until `withdraw`.
   */
  beginDisconnect(connection: string, disconnection: Disconnection): Promise<Connection | undefined>;

  /** Ends the disconnection of exactly that version: no tokens, nothing published, the lease released. */
  finishDisconnect(of: Connection, withdrawal: DisconnectResult): Promise<Connection | undefined>;

  /** Lets the lease go with nothing else changed. */
  release(of: Connection): Promise<void>;

  /**
   * Notes that a one-time id was used; false when it had been before. A request that is repeated below, because its
   * answer was lost, counts as one. `until`: epoch seconds.
   */
  redeem(id: string, until: number): Promise<boolean>;

  /**
   * Claims a Zoom user of an app for a connection. Answers the connection that holds the user: the claimant, or the
   * one that was faster and still is connected as that user, or claimed the user for a first consent under way.
   * @param claim.until when a claim ends that no consent has followed; epoch seconds, as `now`
   */
  claimUser(
    app: string,
    zoomUserId: string,
    connection: string,
    claim: { now: number; until: number },
  ): Promise<string>;

  /** The connection that holds a Zoom user of an app, as `claimUser` would find it. Claims nothing. */
  holderOf(app: string, zoomUserId: string, now: number): Promise<string | undefined>;

  /**
   * Notes what a sweep found, and with `sweptAt` that it came to its end. With `lookedAfter` only where the last look is
   * younger. Answers all that was found since, epoch seconds.
   */
  noteSweep(
    found: Partial<FleetHealth & { sweptAt: number }>,
    lookedAfter?: number,
  ): Promise<FleetHealth | undefined>;

  /** When the last sweep came to its end; `undefined` before the first. */
  sweptAt(): Promise<number | undefined>;

  /** The connection that claimed the Zoom user last, whatever has become of it. */
  claimant(app: string, zoomUserId: string): Promise<string | undefined>;
}

/** Who works on a connection, until when (epoch seconds). */
export interface Lease {
  owner: string;
  until: number;
}
