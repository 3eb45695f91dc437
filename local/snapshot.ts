import type { ConnectionView } from '../lambdas/tokens/connection-view.ts';
import type { LocalStack } from './local-stack.ts';
import { readAsN8n } from './read-as-n8n.ts';

/** A connection as the terminal and the page show it. */
export type ShownConnection = ConnectionView & {
  /** The token that n8n reads now, masked but for its last four characters; `undefined` where n8n finds none. */
  maskedToken: string | undefined;
};

/** Returns the state of every connection, with the token that n8n would read now. */
export async function snapshot(stack: LocalStack): Promise<ShownConnection[]> {
  const response = await stack.operate({ action: 'status' });
  if (!response.ok) throw new Error(response.error.message);
  const { connections } = response.result as { connections: ConnectionView[] };
  const values = await readAsN8n(stack.secretsManager);
  return connections.map((connection) => ({
    ...connection,
    maskedToken: mask(values.get(connection.secretName)),
  }));
}

function mask(token: string | undefined): string | undefined {
  return token && `••••••••${token.slice(-4)}`;
}
