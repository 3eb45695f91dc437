import type { Connection } from '../connection.ts';
import type { Lease } from './connections.ts';

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

  /**
   * Completes the disconnection of exactly that version: erases the tokens, then releases the lease. It is never due again. A
   * sweep repeats what was interrupted, once the lease has expired.
   */
  finishDisconnect(of: Connection, result: DisconnectResult): Promise<Connection | undefined>;
}
