import type { ConnectionStore } from '../../tokens/store/connection-store.ts';
import type { Items } from './items.ts';

/** No connection's name holds a `#`. */
const replacedKey = (connection: string) => `replaced#${connection}`;

type Stored = Awaited<ReturnType<ConnectionStore['replaced']>>;

/** The replaced tokens that are kept for a measurement: an item of their own, which DynamoDB deletes when they expire. */
export function createReplacedTokens({
  get,
  update,
}: Pick<Items, 'get' | 'update'>): Pick<ConnectionStore, 'keepReplaced' | 'replaced' | 'dropReplaced'> {
  return {
    async keepReplaced(connection, { sealedTokens, expiresAt }) {
      await update(replacedKey(connection), {
        set: 'SET #sealedTokens = :sealedTokens, #expiresAt = :expiresAt, #ttl = :expiresAt',
        values: { sealedTokens, expiresAt },
      });
    },

    async replaced(connection) {
      const item = await get(replacedKey(connection));
      return item?.sealedTokens === undefined ? undefined : (item as unknown as Stored);
    },

    // The functions may not delete items; what is left has no tokens, and DynamoDB deletes it.
    async dropReplaced(connection) {
      await update(replacedKey(connection), { set: 'REMOVE #sealedTokens', values: {} });
    },
  };
}
