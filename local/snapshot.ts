import type { ConnectionView } from '../lambdas/tokens/connection-view.ts';
import { readAsN8n } from './read-as-n8n.ts';
import type { LocalStack } from './stack.ts';

/** A connection as the terminal and the page show it. */
export type ShownConnection = ConnectionView & {
  /** What n8n reads now, all but its end masked; `undefined` where n8n finds nothing. */
  maskedToken: string | undefined;
};

/** How every connection stands now, and what n8n would read. */
export async function snapshot(stack: LocalStack): Promise<ShownConnection[]> {
  const answer = await stack.operate({ action: 'status' });
  if (!answer.ok) throw new Error(answer.error.message);
  const { connections } = answer.result as { connections: ConnectionView[] };
  const values = await readAsN8n(stack.secretsManager);
  return connections.map((connection) => ({
    ...connection,
    maskedToken: mask(values.get(connection.secretName)),
  }));
}

function mask(token: string | undefined): string | undefined {
  return token && `••••••••${token.slice(-4)}`;
}
