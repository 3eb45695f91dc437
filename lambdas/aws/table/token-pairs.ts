import type { Connection } from '../../tokens/connection.ts';
import type { Rotation } from '../../tokens/store/connections.ts';
import { assignments, attributes } from './expressions.ts';
import { SCHEMA_VERSION, type StoredItem } from './item-schema.ts';
import type { Items } from './items.ts';
import { packTokens, unpackTokens } from './packed-tokens.ts';

/** Attributes that a rotation replaces. DynamoDB charges a whole item for each write, so they are in an item of their own. */
const TOKEN_FIELDS = ['sealedTokens', 'expiresAt', 'rotatedAt', 'clientId', 'scope'] as const;

/** No connection's name holds a `#`. */
const PREFIX = 'tokens#';
export const pairKey = (connection: string) => `${PREFIX}${connection}`;

/** Returns whose pair an item is; `undefined` for any other item. */
export const pairOwner = (key: string) => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined);

/**
 * Returns whether the pair is newer than what the connection's item holds, or the same. A consent and a disconnection raise
 * the generation, so that they void every earlier pair in the write of the connection's item.
 */
const isInForce = (item: StoredItem, pair: StoredItem): boolean =>
  pair.generation === item.generation && Number(pair.version) >= Number(item.version);

/** Returns whether a rotation was stored of which the connection's item does not know yet. */
const isAhead = (item: StoredItem, pair: StoredItem | undefined): boolean =>
  pair !== undefined && isInForce(item, pair) && Number(pair.version) > Number(item.version);

/**
 * Returns a connection's item with its tokens. They are those of the pair, unless the item holds newer ones: a consent's, or
 * those of a rotation that was no routine.
 */
export function withPair(item: StoredItem, pair: StoredItem | undefined): StoredItem {
  if (!pair || (item.sealedTokens && !isInForce(item, pair))) return item;
  const sealedTokens = unpackTokens(pair.sealedTokens ?? item.sealedTokens);
  const joined = { ...withoutTokens(item), ...pick(pair, TOKEN_FIELDS), sealedTokens };
  // What the last lease holder asked Zoom for is stored.
  return isAhead(item, pair) ? { ...omit(joined, ['askedAt']), version: pair.version } : joined;
}

/** Returns whether both were read of the same moment. A scan and two reads see writes between them. */
export const isOfOneMoment = (item: StoredItem, pair: StoredItem | undefined): boolean =>
  Boolean(item.sealedTokens) ||
  item.status === 'disconnected' ||
  (pair !== undefined && isInForce(item, pair));

/** Returns the pair that an item with tokens of its own makes. */
const pairOf = (item: StoredItem): Record<string, string | number> =>
  pick(item, [...TOKEN_FIELDS, 'generation', 'version']);

/** Returns an item whose tokens are in its pair. */
const withoutTokens = (item: StoredItem): StoredItem => omit(item, TOKEN_FIELDS);

function pick(item: StoredItem, names: readonly string[]): Record<string, string | number> {
  const picked: StoredItem = {};
  for (const name of names) if (name in item) picked[name] = item[name];
  return picked as never;
}

function omit(item: StoredItem, names: readonly string[]): StoredItem {
  const kept: StoredItem = {};
  for (const name in item) if (!names.includes(name)) kept[name] = item[name];
  return kept;
}

/** The items of the sealed pairs: one a connection, beside the connection's item. */
export interface TokenPairs {
  /** Returns the connection's item with its tokens, both strongly consistent. */
  get(connection: string): Promise<StoredItem | undefined>;
  /** Returns the item with its pair. */
  join(item: StoredItem): Promise<StoredItem>;
  /**
   * Returns the item of a new lease with its pair. What an interrupted step has left between the two is completed.
   * @param lease.now when the lease was taken, epoch seconds
   */
  joinLeased(item: StoredItem, lease: { owner: string; now: number }): Promise<StoredItem>;
  /**
   * Makes every rotation that is under way commit to the connection's item, whose conditions decide between it and what
   * follows: a consent, a disconnection.
   */
  close(connection: string): Promise<void>;
  /**
   * Stores a rotation of exactly that version in the pair's item alone.
   * @returns `stored`; `overtaken` when a newer pair is stored; `elsewhere` when the connection's item has to decide
   */
  commit(of: Connection, tokens: Rotation): Promise<'stored' | 'overtaken' | 'elsewhere'>;
  /** Moves the tokens that the connection's item holds to the pair's item. A repetition changes nothing. */
  move(item: StoredItem): Promise<void>;
  /** Erases the tokens of an ended connection. Returns what is left of the pair, `undefined` if there was none. */
  erase(of: Connection): Promise<StoredItem | undefined>;
}

export function createTokenPairs({ get, update }: Pick<Items, 'get' | 'update'>): TokenPairs {
  const read = (item: StoredItem) => get(pairKey(String(item.connection)));

  const close = (connection: string) =>
    update(pairKey(connection), {
      set: 'SET #isClosed = :true',
      values: { true: true },
      condition: 'attribute_exists(#version)',
    });

  /** Removes the tokens from the connection's item, unless they are others by now. */
  const removeMoved = ({ connection, sealedTokens }: StoredItem) =>
    update(String(connection), {
      set: `REMOVE ${attributes(TOKEN_FIELDS)}`,
      values: { sealedTokens: String(sealedTokens) },
      condition: '#sealedTokens = :sealedTokens',
    });

  return {
    async get(connection) {
      const item = await get(connection);
      if (!item) return undefined;
      const pair = await read(item);
      if (isOfOneMoment(item, pair)) return withPair(item, pair);
      // Between the two reads a consent may have come, and its tokens may have been moved.
      const again = (await get(connection)) ?? item;
      return withPair(again, pair);
    },

    join: async (item) => withPair(item, await read(item)),

    async joinLeased(item, { owner, now }) {
      const connection = String(item.connection);
      // A holder before has stored no outcome, and may still be at work.
      const pair = item.askedAt === now ? await read(item) : await close(connection);
      if (item.sealedTokens && pair && isInForce(item, pair)) await removeMoved(item);
      if (!isAhead(item, pair)) return withPair(item, pair);
      // What that holder asked Zoom for is stored. From now on a leftover is this one's.
      await update(connection, {
        set: 'SET #version = :version, #askedAt = :now',
        values: { version: Number(pair?.version), now, owner },
        condition: '#leaseOwner = :owner',
      });
      return { ...withPair(item, pair), askedAt: now };
    },

    async close(connection) {
      const pair = await close(connection);
      if (!pair) return;
      // What follows raises the version that the item has.
      await update(connection, {
        set: 'SET #version = :version',
        values: { version: Number(pair.version), generation: Number(pair.generation) },
        condition: '#generation = :generation AND #version < :version',
      });
    },

    async commit({ connection, generation, version }, tokens) {
      const sealedTokens = packTokens(tokens.sealedTokens);
      const next = { ...tokens, sealedTokens, version: version + 1, schemaVersion: SCHEMA_VERSION };
      const stored = await update(pairKey(connection), {
        set: `SET ${assignments(next)}`,
        values: { ...next, generation, before: version },
        condition: '#generation = :generation AND #version = :before AND attribute_not_exists(#isClosed)',
      });
      if (stored) return 'stored';
      const pair = await get(pairKey(connection));
      return pair?.generation === generation && Number(pair.version) > version ? 'overtaken' : 'elsewhere';
    },

    async move(item) {
      const sealedTokens = packTokens(String(item.sealedTokens));
      const pair = { ...pairOf(item), sealedTokens, schemaVersion: SCHEMA_VERSION };
      const missing = TOKEN_FIELDS.filter((name) => !(name in pair));
      const moved = await update(pairKey(String(item.connection)), {
        set: `SET ${assignments(pair)} REMOVE ${attributes(['isClosed', ...missing])}`,
        values: pair,
        condition: `attribute_not_exists(#version) OR #generation < :generation
          OR #generation = :generation AND #version < :version`,
      });
      const stored = moved ?? (await read(item));
      if (stored && isInForce(item, stored)) await removeMoved(item);
    },

    erase: ({ connection, generation }) =>
      update(pairKey(connection), {
        set: 'REMOVE #sealedTokens',
        values: { generation },
        condition: '#generation <= :generation',
      }),
  };
}
