import type { Connection } from './connection.ts';

/** The item that a rotation began with: its pair takes that item's place and no other's. */
export type RescueKey = Pick<Connection, 'connection' | 'generation' | 'version'>;

/** A rotation that the connections' store could not take. The tokens are sealed, so that they are safe anywhere. */
export type RescuedTokens = Pick<Connection, 'sealedTokens' | 'expiresAt' | 'rotatedAt' | 'clientId'>;

/**
 * A second durable place for new tokens, apart from the connections' store and strongly consistent. Zoom has spent the old
 * refresh token by then, so that a pair which is stored nowhere loses the connection.
 */
export interface RescueStore {
  /** Keeps a rotation's tokens. Rejects when they may not have been kept. A repetition changes nothing. */
  put(key: RescueKey, tokens: RescuedTokens): Promise<void>;

  /**
   * Returns what is kept for exactly that version, `undefined` where there is nothing.
   * @throws {Failure} `retry`, `rescue_unreadable` when the place cannot be read: then Zoom must not be asked
   */
  get(key: RescueKey): Promise<RescuedTokens | undefined>;

  /** Removes what is kept. A repetition changes nothing. */
  remove(key: RescueKey): Promise<void>;
}
