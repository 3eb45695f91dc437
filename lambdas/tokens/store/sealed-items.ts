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
  /** The position of the present pass; missing at its begin. `key` is the `next` of the last page. */
  after?: { place: 'rescue' | 'table'; key?: string };
  /** Items that the present pass has found sealed with another key. */
  found: number;
  /** Items that the present pass could open neither with the current key nor with the previous one. */
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
