import type { OperatorResults } from '../lambdas/operator-protocol.ts';
import type { ConnectionView } from '../lambdas/tokens/connection-view.ts';
import type { LocalStack } from './local-stack.ts';
import { publishedToken } from './published-token.ts';
import { readValues } from './read-as-n8n.ts';

/** A connection as the terminal and the page show it. */
export type ShownConnection = ConnectionView & {
  /** The token that n8n reads now, masked but for its last four characters; `undefined` where n8n finds none. */
  maskedToken: string | undefined;
};

/** Returns the state of every connection, with the token that n8n would read now. */
export const snapshot = async (stack: LocalStack) => withTokens(stack, await listConnections(stack));

/** Returns the state of one connection, with the token that n8n would read now. */
export async function snapshotOf(
  stack: LocalStack,
  connection: string,
): Promise<ShownConnection | undefined> {
  const [shown] = await withTokens(stack, (await status(stack, { connection })).connections);
  return shown;
}

/** Returns the state of every connection, sorted by name. */
export async function listConnections(stack: LocalStack): Promise<ConnectionView[]> {
  const connections: ConnectionView[] = [];
  let after: string | undefined;
  do {
    const page: OperatorResults['status'] = await status(stack, { sort: 'name', limit: 500, after });
    connections.push(...page.connections);
    after = page.next;
  } while (after !== undefined);
  return connections;
}

async function status(stack: LocalStack, request: object): Promise<OperatorResults['status']> {
  const response = await stack.operate({ action: 'status', ...request });
  if (!response.ok) throw new Error(response.error.message);
  return response.result as OperatorResults['status'];
}

/** Adds the token that n8n would read now to each connection. */
export async function withTokens<Connection extends ConnectionView>(
  { secretsManager }: LocalStack,
  connections: Connection[],
): Promise<(Connection & ShownConnection)[]> {
  const values = await readValues(
    secretsManager,
    // The members of a bundle share one secret.
    [...new Set(connections.flatMap(({ secretName }) => secretName ?? []))],
  );
  return connections.map((connection) => ({
    ...connection,
    maskedToken: mask(publishedToken(values, connection)),
  }));
}

function mask(token: string | undefined): string | undefined {
  return token && `••••••••${token.slice(-4)}`;
}
