import type { Connections } from '../../tokens/store/connections.ts';
import { assignments, attributes } from './expressions.ts';
import type { ItemReader, StoredItem } from './item-schema.ts';
import type { Items } from './items.ts';
import type { TokenPairs } from './token-pairs.ts';

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
  | 'setPlaces'
  | 'release'
>;

/** Condition: no lease, an expired or malformed one, or one already held by `:owner`. */
export const LEASE_IS_FREE = '(NOT (#leaseUntil > :now) OR #leaseOwner = :owner)';

/**
 * Condition: no consent, no disconnection and no later step has come. The item learns of a routine rotation with the end of
 * its step, and has an earlier version until then.
 */
const IS_UNCHANGED =
  '(#generation = :generation OR attribute_not_exists(#generation)) AND #version <= :version';

/** Condition: unchanged, and the writer holds the lease. */
const UNCHANGED_AND_HELD = `${IS_UNCHANGED} AND #leaseOwner = :leaseOwner`;

/** Condition: unchanged, and it still waits for a person. */
const IS_WAITING = `${IS_UNCHANGED} AND #status = :reconnect`;

const allowed = (inReconnect: boolean): string =>
  `:active, :misconfigured${inReconnect ? ', :reconnect' : ''}`;

/** The writes of a step, from its lease to its end. */
export function createSteps(
  { updateConnection }: Pick<Items, 'updateConnection'>,
  pairs: TokenPairs,
  { read }: ItemReader,
): Steps {
  const release = async (connection: string, owner: string | undefined, isUnfinished: boolean) => {
    await updateConnection(connection, {
      set: `REMOVE #leaseOwner, #leaseUntil${isUnfinished ? '' : ', #askedAt'}`,
      values: { leaseOwner: owner },
      condition: '#leaseOwner = :leaseOwner',
    });
  };

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
      if (!item) return undefined;
      const joined = await pairs
        .joinLeased(item as unknown as StoredItem, { owner, now })
        .catch(async (error) => {
          await release(connection, owner, item.askedAt !== now).catch(() => {});
          throw error;
        });
      const readable = read(joined);
      if (!readable) await setAside(connection, owner, now + SET_ASIDE_SECONDS);
      return readable;
    },

    async commitRotation(of, rotation, { isRoutine } = { isRoutine: false }) {
      const { connection, generation, version, clientId, scope } = of;
      const kept = { ...(clientId !== undefined && { clientId }), ...(scope !== undefined && { scope }) };
      const tokens = { ...kept, ...rotation };
      const isStored = isRoutine ? await pairs.commit(of, tokens) : 'elsewhere';
      if (isStored === 'overtaken') return undefined;
      if (isStored === 'stored') {
        const { askedAt: _, ...item } = {
          ...of,
          ...rotation,
          dueAt: rotation.rotatedAt,
          version: version + 1,
        };
        return item;
      }
      return updateConnection(connection, {
        set: `SET ${assignments(tokens)}, #dueAt = :rotatedAt, #status = :active, #failures = :zero, #version = :next
          REMOVE #lastError, #failingSince, #suspectSince, #refusals, #askedAt, #lostAt`,
        values: { ...tokens, generation, version, next: version + 1, active: 'active', zero: 0 },
        condition: IS_UNCHANGED,
      });
    },

    async settle({ connection, generation, version, leaseOwner }, settlement) {
      const item = await updateConnection(connection, {
        set: `SET #status = :active, #version = :version, #publishedVersion = :version, #failures = :zero,
            ${assignments(settlement)}
          REMOVE #leaseOwner, #leaseUntil, #lastError, #failingSince
            ${settlement.askedAt === undefined ? ', #askedAt' : ''}
            ${settlement.measureAt === undefined ? ', #measureAt' : ''}`,
        values: { ...settlement, generation, version, leaseOwner, active: 'active', zero: 0 },
        condition: UNCHANGED_AND_HELD,
      });
      // Where that fails, the tokens stay where they are until the end of the next step.
      if (item?.sealedTokens) await pairs.move(item as unknown as StoredItem).catch(() => {});
      return item !== undefined;
    },

    async fail({ connection, generation, version, leaseOwner, status }, failure) {
      // What people were alerted of before was something else.
      const beginsToWait = status !== 'reconnect' && failure.status === 'reconnect';
      const item = await updateConnection(connection, {
        set: `SET #version = :version, ${assignments(failure)}
          REMOVE #leaseOwner, #leaseUntil${failure.askedAt === undefined ? ', #askedAt' : ''}${beginsToWait ? ', #alertedAt' : ''}`,
        values: { ...failure, generation, version, leaseOwner },
        condition: UNCHANGED_AND_HELD,
      });
      return item !== undefined;
    },

    async snoozeAlert({ connection, generation, version }, { dueAt, alertedAt }) {
      const item = await updateConnection(connection, {
        set: 'SET #dueAt = :dueAt, #alertedAt = :alertedAt',
        values: { dueAt, alertedAt, generation, version, reconnect: 'reconnect' },
        condition: IS_WAITING,
      });
      return item !== undefined;
    },

    async noteAlert({ connection, generation, version }, alertedAt) {
      const item = await updateConnection(connection, {
        set: alertedAt === undefined ? 'REMOVE #alertedAt' : 'SET #alertedAt = :alertedAt',
        values: { generation, version, ...(alertedAt !== undefined && { alertedAt }) },
        condition: IS_UNCHANGED,
      });
      return item !== undefined;
    },

    async retryReconnect({ connection, generation, version }, dueAt) {
      const item = await updateConnection(connection, {
        set: 'SET #dueAt = :dueAt',
        values: { dueAt, generation, version, reconnect: 'reconnect' },
        condition: IS_WAITING,
      });
      return item !== undefined;
    },

    async setPushTargets({ connection, generation, version, leaseOwner }, targets, others = {}) {
      const lists = Object.entries({ targets, ...others });
      const filled = Object.fromEntries(lists.filter(([, list]) => list.length > 0));
      const emptied = lists.filter(([, list]) => list.length === 0).map(([name]) => name);
      const item = await updateConnection(connection, {
        set: [
          `SET ${assignments({ version, ...filled })}`,
          ...(emptied.length > 0 ? [`REMOVE ${attributes(emptied)}`] : []),
        ].join(' '),
        values: { generation, version, leaseOwner, ...filled },
        condition: UNCHANGED_AND_HELD,
      });
      return item !== undefined;
    },

    async setPlaces({ connection, generation, version, leaseOwner }, { place, oldPlaces }, dueAt) {
      const item = await updateConnection(connection, {
        set: `SET #version = :version, #place = :place, #oldPlaces = :oldPlaces, #publishedVersion = :zero, #dueAt = :dueAt
          REMOVE #noRoomIn`,
        values: { place, oldPlaces, dueAt, generation, version, leaseOwner, zero: 0 },
        condition: UNCHANGED_AND_HELD,
      });
      return item !== undefined;
    },

    release: ({ connection, leaseOwner }, { isUnfinished } = { isUnfinished: false }) =>
      release(connection, leaseOwner, isUnfinished),
  };
}
