import { pairOwner } from '../../lambdas/aws/table/token-pairs.ts';
import { startDynamoDB } from '../../local/aws/dynamodb.ts';
import { addLatency, clock, onRequest } from './latency.ts';

export const TABLE_NAME = 'connections';

/** Times of a connection's lease request, and of the responses to its other writes; milliseconds. */
interface Writes {
  leased?: number;
  stored?: number;
  settled?: number;
}

export type DynamoDBHappenings = Record<string, Writes>;

/** Starts dynalite with a latency (milliseconds), and records the writes of each step. */
export async function startWatchedDynamoDB(latency: number) {
  const happened: DynamoDBHappenings = {};
  addLatency(latency);
  const { url } = await startDynamoDB({ tableName: TABLE_NAME });
  onRequest(({ request, response }) => {
    if (!String(request.headers['x-amz-target']).endsWith('.UpdateItem')) return;
    const requestedAt = clock();
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    response.once('finish', () => {
      if (response.statusCode !== 200) return;
      const { Key, UpdateExpression: update } = JSON.parse(Buffer.concat(chunks).toString());
      // The tokens are in an item of their own beside the connection's.
      const name = (pairOwner(Key.connection.S) ?? Key.connection.S) as string;
      const writes: Writes = { ...happened[name] };
      happened[name] = writes;
      if (update.includes('#leaseUntil = :until')) writes.leased = requestedAt;
      if (update.includes('#sealedTokens')) writes.stored = clock();
      if (update.includes('#publishedVersion = :version')) writes.settled = clock();
    });
  });
  return { url, happened };
}
