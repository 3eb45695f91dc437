import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../../contract.ts';
import type { KeyRotation, SealedItem, SealedItems } from '../../tokens/store/sealed-items.ts';
import { assignments, attributes } from './expressions.ts';
import { SCHEMA_VERSION } from './item-schema.ts';
import { failedToRead, type Items } from './items.ts';
import { packTokens, unpackTokens } from './packed-tokens.ts';
import { pairOwner } from './token-pairs.ts';

/** No connection's name holds a `#`. */
const ROTATION_KEY = 'keys#rotation';

/** The attributes that the notes of a key rotation may lack. */
const OPTIONAL = ['after', 'completedAt'] as const;

/** All that is stored sealed: in the items of connections, of their pairs and of replaced tokens. */
export function createSealedItems(
  client: DynamoDBClient,
  tableName: string,
  { get, update }: Pick<Items, 'get' | 'update'>,
): SealedItems {
  return {
    async sealed({ limit, after }) {
      const { Items: found = [], LastEvaluatedKey } = await client
        .send(
          new ScanCommand({
            TableName: tableName,
            ConsistentRead: true,
            Limit: limit,
            ProjectionExpression: '#key, #sealedTokens',
            FilterExpression: 'attribute_exists(#sealedTokens)',
            ExpressionAttributeNames: { '#key': TABLE.partitionKey, '#sealedTokens': 'sealedTokens' },
            ...(after !== undefined && { ExclusiveStartKey: marshall({ [TABLE.partitionKey]: after }) }),
          }),
        )
        .catch(failedToRead);
      const items = found.map((item) => unmarshall(item)).flatMap(toSealed);
      return {
        items,
        ...(LastEvaluatedKey && { next: String(unmarshall(LastEvaluatedKey)[TABLE.partitionKey]) }),
      };
    },

    // Each sealing is different, so that equal bytes are of the same version.
    async reseal({ key, sealedTokens: before }, sealedTokens) {
      const stored = (text: string) => (pairOwner(key) === undefined ? text : packTokens(text));
      const written = await update(key, {
        set: 'SET #sealedTokens = :sealedTokens',
        values: { sealedTokens: stored(sealedTokens), before: stored(before) },
        condition: '#sealedTokens = :before',
        returned: 'UPDATED_NEW',
      });
      return written !== undefined;
    },

    async keyRotation() {
      const { [TABLE.partitionKey]: _, ...rotation } = (await get(ROTATION_KEY)) ?? {};
      return rotation.revision === undefined ? undefined : (rotation as unknown as KeyRotation);
    },

    async putKeyRotation(rotation) {
      const { revision } = rotation;
      const values = { ...rotation, schemaVersion: SCHEMA_VERSION };
      const missing = OPTIONAL.filter((name) => rotation[name] === undefined);
      const written = await update(ROTATION_KEY, {
        set: `SET ${assignments(values)}${missing.length > 0 ? ` REMOVE ${attributes(missing)}` : ''}`,
        values: { ...values, before: revision - 1 },
        condition: 'attribute_not_exists(#revision) OR #revision = :before',
      });
      return written !== undefined;
    },
  };
}

/** Returns what is sealed in an item. A disconnected connection has empty tokens. */
function toSealed({ [TABLE.partitionKey]: key, sealedTokens }: Record<string, unknown>): SealedItem[] {
  const text = unpackTokens(sealedTokens);
  if (typeof key !== 'string' || typeof text !== 'string' || text === '') return [];
  return [{ key, connection: key.slice(key.indexOf('#') + 1), sealedTokens: text }];
}
