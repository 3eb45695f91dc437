import { startDynamoDB } from '../../local/aws/dynamodb.ts';
import { clock, holdAnswers, onRequest } from './answers.ts';

export const TABLE_NAME = 'connections';

/** When a connection's lease was asked for, and when the answers to its other writes were sent: milliseconds. */
interface Writes {
  leased?: number;
  stored?: number;
  settled?: number;
}

export type DynamoDBHappenings = Record<string, Writes>;

/** dynalite with the latency of a real one (milliseconds), and a record of what the step has written. */
export async function startWatchedDynamoDB(latency: number) {
  const happened: DynamoDBHappenings = {};
  holdAnswers(latency);
  const { url } = await startDynamoDB({ tableName: TABLE_NAME });
  onRequest(({ request, response }) => {
    if (!String(request.headers['x-amz-target']).endsWith('.UpdateItem')) return;
    const asked = clock();
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    response.once('finish', () => {
      if (response.statusCode !== 200) return;
      const { Key, UpdateExpression: update } = JSON.parse(Buffer.concat(chunks).toString());
      const writes: Writes = { ...happened[Key.connection.S] };
      happened[Key.connection.S] = writes;
      if (update.includes('#leaseUntil = :until')) writes.leased = asked;
      if (update.includes('#sealedTokens')) writes.stored = clock();
      if (update.includes('#publishedVersion = :version')) writes.settled = clock();
    });
  });
  return { url, happened };
}
