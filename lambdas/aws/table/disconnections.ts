import type { Connection } from '../../tokens/connection.ts';
import type { ConnectionStore } from '../../tokens/store.ts';
import type { Items } from './items.ts';

/** Of a lease by `:owner`: nobody else's is alive. */
export const LEASE_IS_FREE =
  '(attribute_not_exists(#leaseUntil) OR #leaseUntil <= :now OR #leaseOwner = :owner)';

/** The two writes of a disconnection, its begin and its end. */
export function createDisconnections({
  update,
}: Pick<Items, 'update'>): Pick<ConnectionStore, 'beginDisconnect' | 'finishDisconnect'> {
  return {
    beginDisconnect: (connection, { owner, until, now, disconnectedAt, generation }) =>
      update(
        connection,
        `SET #status = :disconnected, #disconnectedAt = :disconnectedAt, #leaseOwner = :owner, #leaseUntil = :until,
            #failures = :zero
          ADD #generation :one, #version :one`,
        {
          ...{ owner, until, now, disconnectedAt, disconnected: 'disconnected', zero: 0, one: 1 },
          ...(generation !== undefined && { generation }),
        },
        `attribute_exists(#consentId) ${generation === undefined ? '' : 'AND #generation = :generation'}
          AND ${LEASE_IS_FREE}`,
      ) as Promise<Connection | undefined>,

    finishDisconnect({ connection, version }, withdrawal) {
      const told = Object.entries(withdrawal).filter(([, value]) => value !== undefined);
      const unset = ['revokedAt', 'secretDeletedAt', 'lastError'].filter(
        (name) => !told.some(([found]) => found === name),
      );
      return update(
        connection,
        `SET #sealedTokens = :none, #publishedVersion = :zero, #validUntil = :zero, #failures = :zero
            ${told.map(([name]) => `, #${name} = :${name}`).join('')}
          REMOVE ${['leaseOwner', 'leaseUntil', ...unset].map((name) => `#${name}`)}`,
        { ...Object.fromEntries(told), version, none: '', zero: 0 },
        '#version = :version',
      ) as Promise<Connection | undefined>;
    },
  };
}
