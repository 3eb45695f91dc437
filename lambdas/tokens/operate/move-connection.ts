import { type Connection, isDisconnected } from '../connection.ts';
import { type ConnectionView, toView } from '../connection-view.ts';
import { assertRoom, reserve } from '../consent/choose-place.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { withLease } from '../lease.ts';
import { bundleOf, moved, type Place } from '../publication/place.ts';
import type { StepOptions } from '../rotation/outcome.ts';
import { step } from '../rotation/step.ts';
import { open } from '../sealing/seal.ts';
import { STEP_SECONDS } from '../time-budget.ts';
import { KEEP_SECONDS } from './limits.ts';

interface Move {
  connection: string;
  /** The new place; without it, the connection stays in its place. */
  place?: Exclude<Place, 'none'> | undefined;
  /** For how long its old places are kept current; `KEEP_SECONDS.usual` by default. */
  keepSeconds?: number | undefined;
  /** Ends the old places now. */
  finish?: boolean | undefined;
}

/**
 * Moves a connection to another place, and keeps the old one current for a while; or ends its old places now. Once it
 * returns, n8n can read the new place. A failure after the move was stored is made up for by the next sweep.
 * @throws {Failure} `rejected` (`bundle_full`, `not_connected`), `retry` (`busy`, `bundle_waits`), or why it is not published
 */
export async function moveConnection(
  { connection, place, keepSeconds = KEEP_SECONDS.usual, finish = false }: Move,
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectionView> {
  const { store, openingKey, now } = deps;
  const before = await getConnectionOrThrow(connection, store);
  if (isDisconnected(before)) throw isNotConnected(connection, place);
  const bundle = bundleOf(place);
  if (bundle !== undefined) {
    await assertRoom(connection, bundle, deps);
    const { accessToken } = await open(before.sealedTokens, connection, openingKey);
    if (!(await reserve(bundle, connection, accessToken, deps))) await assertRoom(connection, bundle, deps);
  }
  const start = options.deadline - STEP_SECONDS;
  await withLease(connection, { inAnyStatus: true }, deps, start, async (item) => {
    const next = moved(item, place ?? item.place ?? 'own', now() + keepSeconds);
    const oldPlaces = finish ? next.oldPlaces.map((old) => ({ ...old, until: now() })) : next.oldPlaces;
    return (await store.setPlaces(item, { ...next, oldPlaces }, now())) || undefined;
  });
  const outcome = await step(connection, deps, options);
  if (outcome.kind === 'failed') throw outcome.error;
  return toView(await getConnectionOrThrow(connection, store), deps);
}

function isNotConnected(connection: Connection['connection'], place: Place | undefined): Failure {
  const bundle = bundleOf(place);
  const option = bundle !== undefined ? ` --bundle ${bundle}` : place === 'own' ? ' --no-bundle' : '';
  return new Failure(
    'rejected',
    'not_connected',
    `"${connection}" was not moved: it is disconnected.`,
    `Connect it${option === '' ? '' : ' in its new place'}: npx zoom-tokens connect ${connection}${option}`,
  );
}
