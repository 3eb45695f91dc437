import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { FAILURE_CLASSES } from '../../contract.ts';
import type { Log } from '../../tokens/dependencies.ts';
import { addEntry } from '../../tokens/history/add-entry.ts';
import {
  HISTORY_KINDS,
  type History,
  type HistoryEntry,
  type Invocation,
} from '../../tokens/history/history.ts';
import { warnOfFailure } from '../../tokens/warn-of-failure.ts';
import { CLIENT_OPTIONS } from '../client-options.ts';
import { assignments } from './expressions.ts';
import { SCHEMA_VERSION } from './item-schema.ts';
import { createItems } from './items.ts';

/** No connection's name holds a `#`. */
const keyOf = (connection: string) => `history#${connection}`;

/** DynamoDB deletes a history to which nothing was added for this long; seconds. */
const KEPT_SECONDS = 90 * 24 * 60 * 60;

/** Milliseconds. The history must not hold up the step that it tells of. */
const TIMEOUT_MS = 500;

const HURRIED = {
  maxAttempts: 1,
  requestHandler: {
    ...CLIENT_OPTIONS.requestHandler,
    connectionTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
  },
};

const Entry = v.looseObject({
  kind: v.picklist(HISTORY_KINDS),
  at: v.number(),
  lastAt: v.number(),
  count: v.number(),
  message: v.string(),
  class: v.optional(v.picklist(FAILURE_CLASSES)),
});

/**
 * Keeps the history of each connection in an item of its own beside it. An addition reads and writes the item, once each.
 * @param invocation returns the request that the function is working on
 */
export function createHistory(
  tableName: string,
  { log, invocation }: { log: Log; invocation: () => Invocation },
  createClient = () => new DynamoDBClient({ ...CLIENT_OPTIONS, ...HURRIED }),
): History {
  let created: ReturnType<typeof createItems> | undefined;
  // A good rotation has nothing to note, and needs no client for it.
  const items = () => {
    created ??= createItems(createClient(), tableName);
    return created;
  };
  const stored = async (connection: string) => {
    const { entries = [], revision = 0 } = (await items().get(keyOf(connection))) ?? {};
    const readable = (entries as unknown[]).filter((each) => v.is(Entry, each));
    return { entries: readable as unknown as HistoryEntry[], revision: Number(revision) };
  };

  return {
    read: async (connection) => (await stored(connection)).entries,

    async note(connection, events) {
      try {
        const { entries: before, revision } = await stored(connection);
        const entries = events.reduce((list, event) => addEntry(list, event, invocation()), before);
        const ttl = Math.max(...events.map(({ at }) => at)) + KEPT_SECONDS;
        const values = { entries, revision: revision + 1, schemaVersion: SCHEMA_VERSION, ttl };
        const written = await items().update(keyOf(connection), {
          set: `SET ${assignments(values)}`,
          values: { ...values, before: revision },
          condition: 'attribute_not_exists(#revision) OR #revision = :before',
          returned: 'UPDATED_NEW',
        });
        if (!written) log.info('not noted in the history: another function was faster', { connection });
      } catch (error) {
        warnOfFailure(log, 'Not noted in the history.', error, { connection });
      }
    },
  };
}
