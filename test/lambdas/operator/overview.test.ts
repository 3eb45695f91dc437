import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConnectionsTable } from '../../../lambdas/aws/table/connections.ts';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { FleetState } from '../../../lambdas/tokens/fleet.ts';
import { type OverviewRequest, overview } from '../../../lambdas/tokens/operate/overview.ts';
import { nextRotation } from '../../../lambdas/tokens/reader-view.ts';
import { DEFAULT_MARGINS } from '../../../lambdas/tokens/schedule.ts';
import { startDynamoDB } from '../../../local/aws/dynamodb.ts';

const NOW = 1_900_000_000;
const HOUR = 3600;

const item = (connection: string, change: Partial<Connection> = {}): Connection => ({
  ...{ connection, app: 'default', grantType: 'authorization_code', status: 'active', overlap: 'no' },
  ...{
    dueAt: NOW + HOUR / 2,
    expiresAt: NOW + HOUR,
    validUntil: NOW + HOUR,
    rotatedAt: NOW,
    consentedAt: NOW,
  },
  ...{ generation: 1, version: 1, publishedVersion: 1, sealedTokens: 'sealed', consentId: 'c', failures: 0 },
  ...change,
});

/** One of each state, in an order that is none of those below. */
const TROUBLED = [
  item('failing', { failingSince: NOW, failures: 1, dueAt: NOW + 60 }),
  item('suspect', { suspectSince: NOW, failures: 1, dueAt: NOW + 61 }),
  item('expired', { validUntil: NOW - 1, dueAt: NOW + 62 }),
  item('new_one', { validUntil: 0, dueAt: NOW + 63 }),
  item('wrong_app', { status: 'misconfigured', app: 'reports' }),
  item('revoked', { status: 'reconnect' }),
  item('ended', { status: 'disconnected', validUntil: 0 }),
];
const well = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    item(`well_${String(index).padStart(4, '0')}`, {
      // Several are due in the same second.
      dueAt: NOW + 100 + Math.floor(index / 3),
      app: index % 2 === 0 ? 'default' : 'reports',
      validUntil: NOW + HOUR - index,
    }),
  );

// A small fleet is read item by item, a large one through the index.
describe.each([10, 600])('a fleet with %i connections that are well', (size) => {
  let close: () => Promise<void>;
  let store: ReturnType<typeof createConnectionsTable>;
  const fleet = [...TROUBLED, ...well(size)];

  beforeAll(async () => {
    const server = await startDynamoDB({ tableName: 'connections' });
    const client = new DynamoDBClient({
      ...{ endpoint: server.url, region: 'us-east-1' },
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    close = async () => {
      client.destroy();
      await server.close();
    };
    for (let start = 0; start < fleet.length; start += 25) {
      const requests = fleet
        .slice(start, start + 25)
        .map((each) => ({ PutRequest: { Item: marshall(each) } }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { connections: requests } }));
    }
    store = createConnectionsTable(client, 'connections');
  });
  afterAll(() => close());

  const page = (request: OverviewRequest = {}) =>
    overview(request, { store, now: () => NOW, margins: DEFAULT_MARGINS });
  const names = async (request: OverviewRequest = {}) =>
    (await page(request)).connections.map(({ connection }) => connection);
  const allPages = async (request: OverviewRequest) => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const { connections, next } = await page({ ...request, after });
      expect(connections.length).toBeLessThanOrEqual(request.limit ?? 50);
      found.push(...connections.map(({ connection }) => connection));
      after = next;
    } while (after !== undefined);
    return found;
  };
  const sorted = (connections: Connection[]) => connections.map(({ connection }) => connection).sort();

  test('the first page counts every state', async () => {
    expect((await page()).counts).toEqual({
      ...{
        reconnect: 1,
        misconfigured: 1,
        expired: 2,
        suspect: 1,
        failing: 1,
        active: size,
        disconnected: 1,
      },
    });
  });

  test('the first page begins with those that need attention, the most urgent first', async () => {
    expect((await names({ limit: 8 })).slice(0, 6)).toEqual([
      ...['revoked', 'wrong_app', 'expired', 'new_one', 'suspect', 'failing'],
    ]);
  });

  test('a connection whose app is not deployed comes before those that need no attention', async () => {
    const existing = { table: 'connections', rescueBucket: 'rescue', appSecretArns: { default: 'default' } };
    const deps = { store, now: () => NOW, margins: DEFAULT_MARGINS, installation: { existing } };
    const { connections } = await overview({ states: ['active'], limit: 8 }, deps);
    const missing = connections.map(({ appMissing = false }) => appMissing);
    expect(missing).toContain(true);
    expect(missing).toEqual([...missing].sort().reverse());
  });

  test.each([1, 40])('pages of %i show every connection once', async (limit) => {
    const states: FleetState[] | undefined = limit === 1 ? ['expired', 'failing', 'disconnected'] : undefined;
    const expected = limit === 1 ? ['ended', 'expired', 'failing', 'new_one'] : sorted(fleet);
    expect((await allPages({ limit, states })).sort()).toEqual(expected);
  });

  test('only the first page has the counts', async () => {
    const { next } = await page({ limit: 2 });
    expect((await page({ limit: 2, after: next })).counts).toBeUndefined();
  });

  test('a filter by state shows these states alone', async () => {
    expect((await names({ states: ['suspect', 'reconnect'] })).sort()).toEqual(['revoked', 'suspect']);
    expect(await names({ states: ['failing'], limit: 1 })).toEqual(['failing']);
  });

  test('a filter by app and by a part of the name shows and counts these alone', async () => {
    expect(await names({ search: 'spec' })).toEqual(['suspect']);
    const { counts, connections } = await page({ app: 'reports', limit: 500 });
    expect(counts).toMatchObject({ active: size / 2, misconfigured: 1, reconnect: 0, expired: 0 });
    expect(connections).toHaveLength(size / 2 + 1);
  });

  test('pages sorted by the next rotation are in the order of the times that are shown, and end with those without one', async () => {
    const hasNone = ({ status }: Pick<Connection, 'status'>) =>
      status === 'reconnect' || status === 'disconnected';
    const request = { sort: 'next', limit: size < 500 ? 5 : 200 } as const;
    const shown: number[][] = [];
    let after: string | undefined;
    do {
      const { connections, next } = await page({ ...request, after });
      shown.push(connections.map((view) => (hasNone(view) ? Number.MAX_VALUE : nextRotation(view))));
      after = next;
    } while (after !== undefined);
    const inOrder = (times: number[]) => [...times].sort((a, b) => a - b);
    // Of a large fleet the index tells only when the next step is due.
    for (const times of size < 500 ? [shown.flat()] : shown) expect(times).toEqual(inOrder(times));
    expect((await allPages(request)).sort()).toEqual(sorted(fleet));
    expect(shown.flat().slice(-2)).toEqual([Number.MAX_VALUE, Number.MAX_VALUE]);
  });

  test.each(['name', 'valid'] as const)('pages sorted by %s are in that order', async (sort) => {
    const value = {
      name: () => 0,
      // One that is disconnected has no end of a token, and comes last.
      valid: (of: Connection) => (of.status === 'disconnected' ? Number.MAX_VALUE : of.validUntil),
    };
    const expected = [...fleet]
      .sort((a, b) => value[sort](a) - value[sort](b) || (a.connection < b.connection ? -1 : 1))
      .map(({ connection }) => connection);
    expect(await allPages({ sort, limit: 200 })).toEqual(expected);
  });

  test('a text that is no cursor is rejected', async () => {
    await expect(page({ after: 'nonsense' })).rejects.toMatchObject({
      class: 'rejected',
      code: 'bad_request',
    });
  });
});

test('a page stays below 1 MB', async () => {
  const large = {
    class: 'retry',
    code: 'unexpected',
    message: 'x'.repeat(20_000),
    action: '',
    at: 0,
  } as const;
  const items = well(100).map((each) => ({ ...each, lastError: large }));
  const store = {
    ...{ list: async () => items, unreadable: async () => [], count: async () => items.length },
    ...{ bundle: async () => undefined, getAll: async () => [] },
    ...{ fleetPage: async () => ({ scanned: 0, count: 0, entries: [] }) },
  };
  const first = await overview({ limit: 100 }, { store, now: () => NOW, margins: DEFAULT_MARGINS });
  expect(JSON.stringify(first).length).toBeLessThan(1_000_000);
  const second = await overview(
    { limit: 100, after: first.next },
    { store, now: () => NOW, margins: DEFAULT_MARGINS },
  );
  const third = await overview(
    { limit: 100, after: second.next },
    { store, now: () => NOW, margins: DEFAULT_MARGINS },
  );
  expect(
    new Set([first, second, third].flatMap(({ connections }) => connections.map((c) => c.connection))).size,
  ).toBe(100);
});
