import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { jest } from '@jest/globals';
import { TABLE } from '../../../lambdas/contract.ts';

type Image = Record<string, Record<string, unknown>> | undefined;
type Send = (command: object) => Promise<{ ConsumedCapacity?: { CapacityUnits?: number } }>;

/**
 * Counts the write units of this process's updates, as DynamoDB charges them: those of the whole item, and for each index two
 * where the entry's key changes and one where an entry is made or removed.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 * @returns a function that ends the count, and returns the units by the item's kind: `connection`, or the part of its key
 * before `#`
 */
export function countWriteUnits(): () => Record<string, number> {
  const units: Record<string, number> = {};
  const send = DynamoDBClient.prototype.send as unknown as Send;
  const counting = async function (this: DynamoDBClient, command: { input: Record<string, never> }) {
    if (command.constructor.name !== 'UpdateItemCommand') return send.call(this, command);
    const { TableName, Key } = command.input;
    const image = async () => {
      const read = await send.call(this, new GetItemCommand({ TableName, Key, ConsistentRead: true }));
      return (read as { Item?: Image }).Item;
    };
    const before = await image();
    Object.assign(command.input, { ReturnConsumedCapacity: 'TOTAL' });
    const key = String((Key as unknown as Record<string, { S: string }>)[TABLE.partitionKey]?.S);
    const kind = key.includes('#') ? key.slice(0, key.indexOf('#')) : 'connection';
    const add = (more: number) => {
      units[kind] = (units[kind] ?? 0) + more;
    };
    const written = await send.call(this, command).catch((error) => {
      if (error instanceof ConditionalCheckFailedException) add(1);
      throw error;
    });
    add((written.ConsumedCapacity?.CapacityUnits ?? 0) + indexUnits(before, await image()));
    return written;
  };
  const spy = jest.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(counting as never);
  return () => {
    spy.mockRestore();
    return units;
  };
}

function indexUnits(before: Image, after: Image): number {
  const entry = (item: Image, sortKey: string) => {
    const key = [item?.[TABLE.status], item?.[sortKey]];
    return key.includes(undefined) ? undefined : JSON.stringify(key);
  };
  return Object.values(TABLE.indexes)
    .map((sortKey) => [entry(before, sortKey), entry(after, sortKey)])
    .map(([old, now]) => (old === now ? 0 : old === undefined || now === undefined ? 1 : 2))
    .reduce<number>((sum, each) => sum + each, 0);
}
