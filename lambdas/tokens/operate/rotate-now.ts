import type { Connection } from '../connection.ts';
import { isRotatable } from '../connection.ts';
import { type ConnectionView, toView } from '../connection-view.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { leaseIsHeld } from '../lease.ts';
import { lacksRoom } from '../publication-room.ts';
import { type Outcome, type StepOptions, step } from '../rotation/step.ts';

/**
 * Rotates a connection immediately, whether it is due or not.
 * @throws {Failure} `rejected` (`not_connected`), `retry` (`busy`) while another function holds the lease, or why the step
 * failed
 */
export async function rotateNow(
  connection: string,
  deps: Dependencies,
  options: StepOptions,
): Promise<{ before: ConnectionView; after: ConnectionView; outcome: Outcome['kind'] }> {
  const before = await getConnectionOrThrow(connection, deps.store);
  if (!isRotatable(before)) {
    throw new Failure(
      'rejected',
      'not_connected',
      `"${connection}" cannot be rotated: its status is "${before.status}".`,
      `Connect it again: zoom-tokens connect ${connection}.`,
    );
  }
  if (lacksRoom(before, deps.now())) throw noRoom(before, deps.now());
  const outcome = await step(connection, deps, { ...options, early: true });
  if (outcome.kind === 'failed') throw outcome.error;
  if (outcome.kind === 'nothing') throw leaseIsHeld(connection);
  const after = await getConnectionOrThrow(connection, deps.store);
  return { before: toView(before), after: toView(after), outcome: outcome.kind };
}

/** Error for a rotation that would leave no room for the publications that must follow. Zoom was not asked. */
function noRoom({ connection, validUntil }: Connection, now: number): Failure {
  const minutes = Math.floor((validUntil - now) / 60);
  return new Failure(
    'rejected',
    'version_quota',
    `"${connection}" was not rotated: Secrets Manager allows 100 versions of a secret in 24 hours, and the rest is needed for the next rotations. n8n's token lives for another ${minutes} min.`,
    'No action is needed: the sweep rotates it before it expires. To rotate it by hand, wait some hours.',
  );
}
