import type { Disconnections } from '../../tokens/store.ts';
import { attributes, type Items } from './items.ts';
import { LEASE_IS_FREE } from './steps.ts';

/** The outcomes of an earlier disconnection. */
const RESULTS = ['revokedAt', 'secretDeletedAt', 'lastError'];

/** The two writes of a disconnection, its begin and its end. */
export function createDisconnections({ updateConnection }: Pick<Items, 'updateConnection'>): Disconnections {
  return {
    beginDisconnect: (connection, { owner, until, now, disconnectedAt, generation }) =>
      updateConnection(connection, {
        set: `SET #status = :disconnected, #disconnectedAt = :disconnectedAt, #leaseOwner = :owner,
            #leaseUntil = :until, #failures = :zero
          ADD #generation :one, #version :one`,
        values: {
          ...{ owner, until, now, disconnectedAt, disconnected: 'disconnected', zero: 0, one: 1 },
          ...(generation !== undefined && { generation }),
        },
        condition: `attribute_exists(#version)
          ${generation === undefined ? '' : 'AND #generation = :generation'}
          AND ${LEASE_IS_FREE}`,
      }),

    finishDisconnect({ connection, version }, result) {
      const known = Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
      const unknown = RESULTS.filter((name) => !(name in known));
      return updateConnection(connection, {
        set: `SET #sealedTokens = :none, #publishedVersion = :zero, #validUntil = :zero, #failures = :zero
            ${Object.keys(known)
              .map((name) => `, #${name} = :${name}`)
              .join('')}
          REMOVE ${attributes(['leaseOwner', 'leaseUntil', 'askedAt', 'measureAt', 'keptConsent', ...unknown])}`,
        values: { ...known, version, none: '', zero: 0 },
        condition: '#version = :version',
      });
    },
  };
}
