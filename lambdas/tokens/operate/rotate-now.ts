import { type Connection, hasRecovered } from '../connection.ts';
import { type ConnectionView, toView } from '../connection-view.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { type AppMonitor, createAppMonitor } from '../judgement/app-monitor.ts';
import { isPaused, mayProbe } from '../judgement/pause.ts';
import { isRefusal } from '../judgement/refusal.ts';
import { leaseIsHeld } from '../lease.ts';
import { bundleOf } from '../publication/place.ts';
import { writableAt } from '../publication/version-budget.ts';
import { lacksRoom } from '../publication-room.ts';
import type { Outcome, StepOptions } from '../rotation/outcome.ts';
import { step } from '../rotation/step.ts';

/**
 * Rotates one connection now, due or not; also one that waits for a person, since Zoom may have recovered.
 * @throws {Failure} `rejected` when it is disconnected, `retry` while another function holds its lease, `reconnect` when Zoom
 * refuses again, or why the step failed
 */
export async function rotateNow(
  connection: string,
  deps: Dependencies,
  options: StepOptions,
): Promise<{ before: ConnectionView; after: ConnectionView; outcome: Outcome['kind'] }> {
  const before = await getConnectionOrThrow(connection, deps.store);
  if (before.status === 'disconnected') throw isDisconnected(connection);
  if (await lacksVersions(before, deps)) throw noRoom(before, deps.now());
  const apps = createAppMonitor(deps);
  const isProbe = await beginProbe(before, apps, deps);
  const outcome = await step(connection, deps, {
    ...{ ...options, apps, isProbe },
    ...{ early: true, inReconnect: true },
  });
  await apps.flush();
  if (outcome.kind === 'failed') throw asOperatorSeesIt(outcome.error, before);
  if (outcome.kind === 'paused') throw outcome.error;
  if (outcome.kind === 'nothing') throw leaseIsHeld(connection);
  // The operator sees it: no alert has to say that it is well again.
  if (outcome.kind === 'settled' && hasRecovered(outcome.item, deps.now()))
    await deps.store.noteAlert(outcome.item, undefined);
  const after = await getConnectionOrThrow(connection, deps.store);
  return { before: toView(before, deps), after: toView(after, deps), outcome: outcome.kind };
}

/** Returns whether the secret takes no further version now, while n8n's token lives. An old place waits for its own. */
async function lacksVersions(
  item: Connection,
  { store, now }: Pick<Dependencies, 'store' | 'now'>,
): Promise<boolean> {
  const name = bundleOf(item.place);
  if (name === undefined) return item.place !== 'none' && lacksRoom(item, now());
  const bundle = await store.bundle(name);
  return item.validUntil > now() && bundle !== undefined && writableAt(name, bundle, now()) > now();
}

/** Returns whether the rotation is the one request that finds out whether a paused app may go on. */
async function beginProbe(
  { app, validUntil }: Connection,
  apps: AppMonitor,
  { now }: Pick<Dependencies, 'now'>,
): Promise<boolean> {
  const health = await apps.health(app);
  if (!isPaused(health) || !mayProbe(health, validUntil, now())) return false;
  await apps.record(app, { kind: 'probing' });
  return true;
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

function asOperatorSeesIt(error: unknown, { connection, status }: Connection): unknown {
  if (status !== 'reconnect' || !isRefusal(error)) return error;
  return new Failure(
    'reconnect',
    error.code,
    `Zoom refused again: "${connection}" needs someone to sign in.`,
    `Run: npx zoom-tokens connect ${connection}`,
  );
}

function isDisconnected(connection: string): Failure {
  return new Failure(
    'rejected',
    'not_connected',
    `"${connection}" was not rotated: it is disconnected.`,
    `Connect it again: npx zoom-tokens connect ${connection}`,
  );
}
