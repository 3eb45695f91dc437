import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { Failure } from '../../../lambdas/operator-protocol.ts';
import type { Session } from '../../session.ts';

/** A connection, and the time at which the operator function read it. */
export interface ConnectionSnapshot {
  view: ConnectionView;
  /** Epoch seconds, by the installation's clock. */
  now: number;
}

/** Returns the connection, or `undefined` when it does not exist. @throws {Failure} any other failure of `status` */
export async function findConnection(
  connection: string,
  { operator }: Session,
): Promise<ConnectionSnapshot | undefined> {
  try {
    const { connections, now } = await operator.request('status', { connection });
    const [view] = connections;
    return view && { view, now };
  } catch (error) {
    if (error instanceof Failure && error.code === 'unknown_connection') return undefined;
    throw error;
  }
}
