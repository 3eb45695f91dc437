import type { Connection } from '../../tokens/connection.ts';
import { NEVER } from '../../tokens/schedule.ts';
import type { Disconnections } from '../../tokens/store/disconnections.ts';
import { assignments, attributes } from './expressions.ts';
import type { StoredItem } from './item-schema.ts';
import type { Items } from './items.ts';
import { LEASE_IS_FREE } from './steps.ts';
import { type TokenPairs, withPair } from './token-pairs.ts';

/** The outcomes of an earlier disconnection. */
const RESULTS = ['revokedAt', 'secretDeletedAt', 'lastError'];

/** The writes of a disconnection, from its begin to its end. */
export function createDisconnections(
  { get, updateConnection }: Pick<Items, 'get' | 'updateConnection'>,
  pairs: Pick<TokenPairs, 'close' | 'join' | 'erase'>,
): Disconnections {
  return {
    async beginDisconnect(connection, { owner, until, now, disconnectedAt, generation, revokedAt }) {
      await pairs.close(connection);
      const item = await updateConnection(connection, {
        set: `SET #status = :disconnected, #disconnectedAt = :disconnectedAt, #leaseOwner = :owner,
            #leaseUntil = :until, #dueAt = :until, #failures = :zero
            ${revokedAt === undefined ? '' : ', #revokedAt = :revokedAt'}
          ADD #generation :one, #version :one`,
        values: {
          ...{ owner, until, now, disconnectedAt, disconnected: 'disconnected', zero: 0, one: 1 },
          ...(generation !== undefined && { generation }),
          ...(revokedAt !== undefined && { revokedAt }),
        },
        condition: `attribute_exists(#version)
          ${generation === undefined ? '' : 'AND #generation = :generation'}
          AND ${LEASE_IS_FREE}`,
      });
      if (!item) return undefined;
      // Without its tokens it is as if the response was lost: the caller reads it again, and finds its own lease.
      const joined = await pairs.join(item as unknown as StoredItem).catch(() => undefined);
      return joined as unknown as Connection | undefined;
    },

    async leaseDisconnected(connection, { owner, until, now }) {
      const item = await updateConnection(connection, {
        set: 'SET #leaseOwner = :owner, #leaseUntil = :until',
        values: { owner, until, now, disconnected: 'disconnected' },
        condition: `#status = :disconnected AND #dueAt <= :now AND ${LEASE_IS_FREE}`,
      });
      return item && ((await pairs.join(item as unknown as StoredItem)) as unknown as Connection);
    },

    async leaveDisconnect({ connection, version, leaseOwner }, left) {
      const item = await updateConnection(connection, {
        set: `SET ${assignments(left)} REMOVE #leaseOwner, #leaseUntil`,
        values: { ...left, version, leaseOwner },
        condition: '#version = :version AND #leaseOwner = :leaseOwner',
      });
      return item !== undefined;
    },

    async finishDisconnect(of, result) {
      const { connection, version } = of;
      const known = Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
      const unknown = RESULTS.filter((name) => !(name in known));
      // Tokens that the item itself holds are newer than its pair, which must not pass for them once these are erased.
      if ((await get(connection))?.sealedTokens) await pairs.erase(of);
      // As long as the pair is there, the connection has tokens, and a sweep completes the disconnection.
      const erasing = await updateConnection(connection, {
        set: `SET #sealedTokens = :none, #publishedVersion = :zero, #validUntil = :zero, #failures = :zero
            ${Object.keys(known)
              .map((name) => `, #${name} = :${name}`)
              .join('')}
          REMOVE ${attributes(['askedAt', 'measureAt', 'keptConsent', 'oldPlaces', 'noRoomIn', ...unknown])}`,
        values: { ...known, version, none: '', zero: 0 },
        condition: '#version = :version',
      });
      if (!erasing) return undefined;
      const pair = await pairs.erase(of);
      const item = await updateConnection(connection, {
        set: 'SET #dueAt = :never REMOVE #leaseOwner, #leaseUntil',
        values: { version, never: NEVER },
        condition: '#version = :version',
      });
      return item && (withPair(item as unknown as StoredItem, pair) as unknown as Connection);
    },
  };
}
