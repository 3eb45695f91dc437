import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import type { Session } from '../../session.ts';

/** The connection as it is now, and the installation's clock; `undefined` where there is none. */
export async function lookFor(
  connection: string,
  { operator }: Session,
): Promise<{ view: ConnectionView; now: number } | undefined> {
  try {
    const { connections, now } = await operator.ask('status', { connection });
    const [view] = connections;
    return view && { view, now };
  } catch (error) {
    if (error instanceof Failure && error.code === 'unknown_connection') return undefined;
    throw error;
  }
}
