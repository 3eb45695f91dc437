import type { Connections } from '../../tokens/store.ts';
import type { ItemReader } from './item-schema.ts';
import { assignments, attributes, type Items } from './items.ts';

/** An item that cannot be read is tried again after this time; seconds. */
const SET_ASIDE_SECONDS = 60 * 60;

type Steps = Pick<
  Connections,
  | 'lease'
  | 'commitRotation'
  | 'settle'
  | 'fail'
  | 'snoozeAlert'
  | 'noteAlert'
  | 'retryReconnect'
  | 'setPushTargets'
  | 'release'
>;

/** Condition: no lease, an expired or malformed one, or one already held by `:owner`. */
export const LEASE_IS_FREE = '(NOT (#leaseUntil > :now) OR #leaseOwner = :owner)';

/** Condition: exactly that version, and the writer holds the lease. */
const UNCHANGED_AND_HELD = '#version = :version AND #leaseOwner = :leaseOwner';

/** Condition: exactly that version, and it still waits for a person. */
const IS_WAITING = '#version = :version AND #status = :reconnect';

const allowed = (inReconnect: boolean): string =>
  `:active, :misconfigured${inReconnect ? ', :reconnect' : ''}`;

/** The writes of a step, from its lease to its end. */
export function createSteps(
  { updateConnection }: Pick<Items, 'updateConnection'>,
  { read }: ItemReader,
): Steps {
  /** Releases the lease of an item that cannot be read, and leaves it alone for an hour. */
  const setAside = (connection: string, owner: string, until: number) =>
    updateConnection(connection, {
      set: 'SET #dueAt = :until REMOVE #leaseOwner, #leaseUntil, #askedAt',
      values: { owner, until },
      condition: '#leaseOwner = :owner',
    });

  return {
    async lease(connection, { owner, until, now, early, inReconnect = false, inAnyStatus = false }) {
      const item = await updateConnection(connection, {
        set: 'SET #leaseOwner = :owner, #leaseUntil = :until, #askedAt = if_not_exists(#askedAt, :now)',
        values: {
          ...{ owner, until, now },
          ...(!inAnyStatus && { active: 'active', misconfigured: 'misconfigured' }),
          ...(inReconnect && { reconnect: 'reconnect' }),
        },
        condition: `${inAnyStatus ? 'attribute_exists(#version)' : `#status IN (${allowed(inReconnect)})`}
          ${early ? '' : 'AND #dueAt <= :now'}
          AND ${LEASE_IS_FREE}`,
      });
      const readable = read(item && { ...item });
      if (item && !readable) await setAside(connection, owner, now + SET_ASIDE_SECONDS);
      return readable;
    },

    commitRotation: ({ connection, version }, rotation) =>
      updateConnection(connection, {
        set: `SET ${assignments(rotation)}, #dueAt = :rotatedAt, #status = :active, #failures = :zero
          REMOVE #lastError, #failingSince, #suspectSince, #refusals, #askedAt, #lostAt ADD #version :one`,
        values: { ...rotation, version, active: 'active', zero: 0, one: 1 },
        condition: '#version = :version',
      }),

    async settle({ connection, version, leaseOwner }, settlement) {
      const item = await updateConnection(connection, {
        set: `SET #status = :active, #publishedVersion = :version, #failures = :zero, ${assignments(settlement)}
          REMOVE #leaseOwner, #leaseUntil, #lastError, #failingSince
            ${settlement.askedAt === undefined ? ', #askedAt' : ''}
            ${settlement.measureAt === undefined ? ', #measureAt' : ''}`,
        values: { ...settlement, version, leaseOwner, active: 'active', zero: 0 },
        condition: UNCHANGED_AND_HELD,
        // The end of every step: the sealed tokens are not needed again.
        returned: 'UPDATED_NEW',
      });
      return item !== undefined;
    },

    async fail({ connection, version, leaseOwner, status }, failure) {
      // What people were alerted of before was something else.
      const beginsToWait = status !== 'reconnect' && failure.status === 'reconnect';
      const item = await updateConnection(connection, {
        set: `SET ${assignments(failure)}
          REMOVE #leaseOwner, #leaseUntil${failure.askedAt === undefined ? ', #askedAt' : ''}${beginsToWait ? ', #alertedAt' : ''}`,
        values: { ...failure, version, leaseOwner },
        condition: UNCHANGED_AND_HELD,
      });
      return item !== undefined;
    },

    async snoozeAlert({ connection, version }, { dueAt, alertedAt }) {
      const item = await updateConnection(connection, {
        set: 'SET #dueAt = :dueAt, #alertedAt = :alertedAt',
        values: { dueAt, alertedAt, version, reconnect: 'reconnect' },
        condition: IS_WAITING,
      });
      return item !== undefined;
    },

    async noteAlert({ connection, version }, alertedAt) {
      const item = await updateConnection(connection, {
        set: alertedAt === undefined ? 'REMOVE #alertedAt' : 'SET #alertedAt = :alertedAt',
        values: { version, ...(alertedAt !== undefined && { alertedAt }) },
        condition: '#version = :version',
      });
      return item !== undefined;
    },

    async retryReconnect({ connection, version }, dueAt) {
      const item = await updateConnection(connection, {
        set: 'SET #dueAt = :dueAt',
        values: { dueAt, version, reconnect: 'reconnect' },
        condition: IS_WAITING,
      });
      return item !== undefined;
    },

    async setPushTargets({ connection, version, leaseOwner }, targets, others = {}) {
      const lists = Object.entries({ targets, ...others });
      const filled = Object.fromEntries(lists.filter(([, list]) => list.length > 0));
      const emptied = lists.filter(([, list]) => list.length === 0).map(([name]) => name);
      const item = await updateConnection(connection, {
        set: [
          ...(emptied.length < lists.length ? [`SET ${assignments(filled)}`] : []),
          ...(emptied.length > 0 ? [`REMOVE ${attributes(emptied)}`] : []),
        ].join(' '),
        values: { version, leaseOwner, ...filled },
        condition: UNCHANGED_AND_HELD,
      });
      return item !== undefined;
    },

    async release({ connection, leaseOwner }, { isUnfinished } = { isUnfinished: false }) {
      await updateConnection(connection, {
        set: `REMOVE #leaseOwner, #leaseUntil${isUnfinished ? '' : ', #askedAt'}`,
        values: { leaseOwner },
        condition: '#leaseOwner = :leaseOwner',
      });
    },
  };
}
