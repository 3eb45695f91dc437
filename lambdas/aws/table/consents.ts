import type { Connection } from '../../tokens/connection.ts';
import type { Connections } from '../../tokens/store/connections.ts';
import { assignments, attributes } from './expressions.ts';
import type { Items } from './items.ts';
import type { TokenPairs } from './token-pairs.ts';

/** Attributes of the past that a consent removes. */
const PAST = [
  ...['lastError', 'failingSince', 'suspectSince', 'refusals', 'alertedAt'],
  ...['lostAt', 'measureAt', 'keptConsent'],
  ...['disconnectedAt', 'revokedAt', 'secretDeletedAt'],
];

/** The writes of a consent. Its tokens are in the connection's item until the end of a step moves them. */
export function createConsents(
  { updateConnection }: Pick<Items, 'updateConnection'>,
  pairs: Pick<TokenPairs, 'get' | 'close'>,
): Pick<Connections, 'commitConsent' | 'noteKeptConsent' | 'dropKeptConsent'> {
  return {
    async commitConsent({ connection, scope, zoomUserId, zoomAccountId, noRoomIn, ...consent }, seen) {
      // A connection that keeps its place keeps what is noted of it.
      const placed = consent.place !== undefined && { noRoomIn };
      const { known, unknown } = partition({ scope, zoomUserId, zoomAccountId, ...placed });
      const written = { ...consent, ...known };
      await pairs.close(connection);
      const item = await updateConnection(connection, {
        set: `SET #status = :active, #rotatedAt = :consentedAt, #dueAt = :consentedAt, #failures = :zero,
            #publishedVersion = if_not_exists(#publishedVersion, :zero),
            #validUntil = if_not_exists(#validUntil, :zero),
            ${assignments(written)}
          REMOVE ${attributes([...PAST, ...unknown])}
          ADD #generation :one, #version :one`,
        values: { ...written, active: 'active', disconnected: 'disconnected', zero: 0, one: 1, seen },
        condition: mayCommit(zoomUserId),
      });
      // Where the condition did not hold, the item is what another writer made of it.
      return item ?? ((await pairs.get(connection)) as unknown as Connection);
    },

    async noteKeptConsent(connection, keptConsent, dueAt) {
      const item = await updateConnection(connection, {
        set: 'SET #keptConsent = :keptConsent, #dueAt = :dueAt, #status = :active',
        values: { keptConsent, dueAt, active: 'active', disconnected: 'disconnected' },
        condition: 'attribute_exists(#consentId) AND #status <> :disconnected',
      });
      return item !== undefined;
    },

    async dropKeptConsent({ connection, keptConsent }) {
      await updateConnection(connection, {
        set: 'REMOVE #keptConsent',
        values: { consentId: keptConsent?.consentId },
        condition: '#keptConsent.#consentId = :consentId',
      });
    },
  };
}

/**
 * Returns the condition of a consent's write: a first consent, one that nothing has crossed, or one that is newer than
 * what crossed it and does not take the connection from its Zoom user.
 */
function mayCommit(zoomUserId: string | undefined): string {
  const isFirst = 'attribute_not_exists(#consentId)';
  const isNoRepetition = '#consentId <> :consentId';
  const isUncrossed = '#generation = :seen';
  const isNewest = '#consentedAt <= :consentedAt';
  const isUnowned = 'attribute_not_exists(#zoomUserId) OR #status = :disconnected';
  const isOwners = zoomUserId === undefined ? isUnowned : `${isUnowned} OR #zoomUserId = :zoomUserId`;
  const isAfterDisconnect = 'attribute_not_exists(#disconnectedAt) OR #disconnectedAt <= :consentedAt';
  return `${isFirst}
    OR ${isNoRepetition} AND ${isUncrossed}
    OR ${isNoRepetition} AND ${isNewest} AND (${isOwners}) AND (${isAfterDisconnect})`;
}

/** Separates the fields that Zoom told from those that it did not. */
function partition(fields: Record<string, string | undefined>) {
  const entries = Object.entries(fields);
  return {
    known: Object.fromEntries(entries.filter(([, value]) => value !== undefined)),
    unknown: entries.filter(([, value]) => value === undefined).map(([name]) => name),
  };
}
