import type { Dependencies } from '../dependencies.ts';
import { toFailure } from '../errors.ts';
import type { StartRequest } from './start-request.ts';

/**
 * Starts the rotate function for a connection that is due. Never throws: the next sweep makes up for a start that fails, is
 * lost or comes while another function holds the lease.
 */
export const startConnection = (connection: string, deps: StartDependencies): Promise<void> =>
  start({ start: 'connection', connection }, deps);

/** Starts the rotate function for a bundle that a member has left. Never throws: the bundle's next slot makes up for it. */
export const startBundle = (bundle: string, deps: StartDependencies): Promise<void> =>
  start({ start: 'bundle', bundle }, deps);

type StartDependencies = Pick<Dependencies, 'starter' | 'log'>;

async function start(request: StartRequest, { starter, log }: StartDependencies): Promise<void> {
  try {
    await starter?.start(request);
  } catch (error) {
    const { class: failureClass, code, message } = toFailure(error);
    log.warn(`The rotate function was not started; the next sweep does its work. ${message}`, {
      ...('connection' in request ? { connection: request.connection } : { bundle: request.bundle }),
      class: failureClass,
      code,
    });
  }
}
