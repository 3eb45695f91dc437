import type { Connection } from './connection.ts';

/**
 * The origin of the tokens: a rotation of exactly that version, whose pair takes that item's place and no other's; or a consent
 * that is kept until Zoom says by whom it was given.
 */
export type RescueKey =
  | Pick<Connection, 'connection' | 'generation' | 'version'>
  | { connection: string; consentId: string };

/** Tokens that the connections' store could not take, or not yet. They are sealed, so that they are safe anywhere. */
export type RescuedTokens = Pick<
  Connection,
  'sealedTokens' | 'expiresAt' | 'rotatedAt' | 'clientId' | 'scope'
>;

/**
 * A second durable place for new tokens, apart from the connections' store and strongly consistent. Zoom has spent the old
 * refresh token by then, so that a pair which is stored nowhere loses the connection.
 */
export interface RescueStore {
  /** Keeps tokens. Rejects when they may not have been kept. A repetition changes nothing. */
  put(key: RescueKey, tokens: RescuedTokens): Promise<void>;

  /**
   * Returns what is kept of exactly that rotation or consent, `undefined` where there is nothing.
   * @throws {Failure} `retry`, `rescue_unreadable` when the place cannot be read: then Zoom must not be asked
   */
  get(key: RescueKey): Promise<RescuedTokens | undefined>;

  /**
   * Returns a page of the keys of all that is kept, in an order that no write changes.
   * @param after the `next` of the page before
   */
  list(after?: string): Promise<{ keys: RescueKey[]; next?: string }>;

  /** Removes what is kept. A repetition changes nothing. */
  remove(key: RescueKey): Promise<void>;
}
