import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Fleet } from '../../tokens/fleet.ts';
import type { ConnectionStore } from '../../tokens/store/connection-store.ts';
import { createAppNotes } from './app-notes.ts';
import { createBundles } from './bundles.ts';
import { createConsents } from './consents.ts';
import { createDisconnections } from './disconnections.ts';
import { createFleet } from './fleet.ts';
import { createItemReader, type ReportUnreadable } from './item-schema.ts';
import { createItems } from './items.ts';
import { createLinks } from './links.ts';
import { createQueries } from './queries.ts';
import { createReplacedTokens } from './replaced-tokens.ts';
import { createSealedItems } from './sealed-items.ts';
import { createSteps } from './steps.ts';
import { createSweepNotes } from './sweep-notes.ts';
import { createTokenPairs } from './token-pairs.ts';
import { createUserClaims } from './user-claims.ts';

/**
 * Stores connections in one DynamoDB table: key `connection`, indexes `due` (`status`, `dueAt`) and `validity`
 * (`status`, `validUntil`), time to live `ttl`. Reads by key are strongly consistent, and every write of a connection has
 * a condition.
 * @param report is called once for each connection whose item cannot be read
 */
export function createConnectionsTable(
  client: DynamoDBClient,
  tableName: string,
  report: ReportUnreadable = () => {},
): ConnectionStore & Fleet {
  const reader = createItemReader(report);
  const items = createItems(client, tableName);
  const pairs = createTokenPairs(items);
  return {
    ...createQueries(client, tableName, items, pairs, reader),
    ...createConsents(items, pairs),
    ...createSteps(items, pairs, reader),
    ...createDisconnections(items, pairs),
    ...createUserClaims(items),
    ...createSweepNotes(items),
    ...createAppNotes(items),
    ...createBundles(items),
    ...createReplacedTokens(items),
    ...createSealedItems(client, tableName, items),
    ...createLinks(items),
    ...createFleet(client, tableName),
  };
}
