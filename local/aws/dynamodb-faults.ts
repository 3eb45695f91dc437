import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { type LoopbackServer, listenOnLoopback } from '../loopback-server.ts';
import { ask } from './ask.ts';

/** The faults of DynamoDB that can be turned on. Each is asked at every request. */
export interface DynamoDBFaults {
  /** While true, the indexes keep showing the items as they were. DynamoDB's indexes are eventually consistent. */
  indexesLag?: () => boolean;
  /** Returns whether an operation, such as `UpdateItem`, is throttled. */
  isThrottled?: (operation: string) => boolean;
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);

/** The item that a write has left, or its key where it has deleted it. */
interface Change {
  TableName: string;
  Key: Record<string, unknown>;
  Item?: Record<string, unknown>;
}

/**
 * Starts a proxy that adds faults to a DynamoDB. Reads and writes go to `table`. Queries of an index go to `index`, a
 * second DynamoDB with the same table, which gets each write once the indexes no longer lag. Without `index` the indexes
 * never lag.
 */
export async function startFaultyDynamoDB(
  { table, index, port = 0 }: { table: Server; index: Server | undefined; port?: number },
  { indexesLag = () => false, isThrottled = () => false }: DynamoDBFaults,
): Promise<LoopbackServer> {
  const changes: Change[] = [];

  const server = createServer((request, response) => {
    // A client that has gone, or a table that is being closed, must not end the process.
    respond(request, response).catch(() => response.destroy());
  });

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const body = await text(request);
    if (isThrottled(operation)) {
      response.writeHead(400, JSON_TYPE).end(JSON.stringify(THROTTLED));
      return;
    }
    if (index && !indexesLag()) await applyChanges(changes, index, request);
    const parsed = JSON.parse(body) as Record<string, unknown>;
    const isIndexQuery = operation === 'Query' && parsed.IndexName !== undefined;
    const result = await send((isIndexQuery && index) || table, operation, body, request);
    if (index && result.status === 200 && WRITES.has(operation)) {
      changes.push(await changeOf(parsed, table, request));
      if (!indexesLag()) await applyChanges(changes, index, request);
    }
    response.writeHead(result.status, JSON_TYPE).end(result.body);
  }
  return listenOnLoopback(server, port);
}

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' };

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const THROTTLED = {
  __type: 'com.amazonaws.dynamodb.v20120810#ThrottlingException',
  message: 'Rate of requests exceeds the allowed throughput.',
};

async function changeOf(
  { TableName, Key, Item }: Record<string, unknown>,
  table: Server,
  request: IncomingMessage,
): Promise<Change> {
  const name = String(TableName);
  const key = (Key ?? { connection: (Item as Record<string, unknown>).connection }) as Change['Key'];
  const read = JSON.stringify({ TableName: name, Key: key, ConsistentRead: true });
  const { body } = await send(table, 'GetItem', read, request);
  const { Item: stored } = JSON.parse(body) as { Item?: Record<string, unknown> };
  return { TableName: name, Key: key, ...(stored && { Item: stored }) };
}

async function applyChanges(changes: Change[], index: Server, request: IncomingMessage): Promise<void> {
  for (const { TableName, Key, Item } of changes.splice(0)) {
    await (Item
      ? send(index, 'PutItem', JSON.stringify({ TableName, Item }), request)
      : send(index, 'DeleteItem', JSON.stringify({ TableName, Key }), request));
  }
}

/** Passes an operation on, with the headers of the request, whose signature dynalite does not verify. */
async function send(server: Server, operation: string, body: string, { headers }: IncomingMessage) {
  const answer = await ask(server, {
    method: 'POST',
    url: '/',
    headers: {
      ...JSON_TYPE,
      host: String(headers.host),
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': String(headers['x-amz-date']),
      authorization: String(headers.authorization),
    },
    body,
  });
  return { status: answer.status, body: answer.body.toString() };
}
