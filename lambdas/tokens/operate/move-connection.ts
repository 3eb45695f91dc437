import { type Connection, isDisconnected } from '../connection.ts';
import { type ConnectionView, toView } from '../connection-view.ts';
import { assertRoom, bundleFull, reserve } from '../consent/choose-place.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { waitForLease, withLease } from '../lease.ts';
import { bundleOf, moved, type Place, placeInWords } from '../publication/place.ts';
import type { StepOptions } from '../rotation/outcome.ts';
import { step } from '../rotation/step.ts';
import { open } from '../sealing/seal.ts';
import { STEP_SECONDS } from '../time-budget.ts';
import { KEEP_SECONDS } from './limits.ts';

interface Move {
  connection: string;
  /** The new place; without it, the connection stays in its place. */
  place?: Exclude<Place, 'none'> | undefined;
  /** For how long its old place is kept current, also one that it has left before; `KEEP_SECONDS.usual` by default. */
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
  { connection, place, keepSeconds, finish = false }: Move,
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
    // Its token may be longer than those that the bundle has seen.
    if (!(await reserve(bundle, connection, accessToken, deps)))
      throw await bundleFull(connection, bundle, deps);
  }
  const start = options.deadline - STEP_SECONDS;
  await withLease(connection, { inAnyStatus: true }, deps, start, async (item) => {
    const present = item.place ?? 'own';
    const until = now() + (keepSeconds ?? KEEP_SECONDS.usual);
    const next = moved(item, place ?? present, until);
    const endsAnew = keepSeconds !== undefined && place === present;
    const oldPlaces = next.oldPlaces.map((old) => {
      if (finish) return { ...old, until: now() };
      return endsAnew ? { place: old.place, until } : old;
    });
    return (await store.setPlaces(item, { ...next, oldPlaces }, now())) || undefined;
  });
  return toView(await published(connection, deps, options), deps);
}

/**
 * Brings a moved connection to its new place, also one that waits for a person.
 * @throws why n8n cannot read it there yet
 */
async function published(connection: string, deps: Dependencies, options: StepOptions): Promise<Connection> {
  const { store } = deps;
  const bring = async () => {
    const { status } = await getConnectionOrThrow(connection, store);
    const isWaiting = status === 'reconnect';
    const outcome = await step(connection, deps, { ...options, early: isWaiting, inReconnect: isWaiting });
    const item = await getConnectionOrThrow(connection, store);
    if (item.publishedVersion >= item.version) return item;
    if (outcome.kind === 'failed' || outcome.kind === 'paused') throw notCompleted(item, outcome.error);
    return undefined;
  };
  return waitForLease(bring, () => isBeingPublished(connection), deps, options.deadline - STEP_SECONDS);
}

/** The move is stored, and the sweeps complete it. */
function notCompleted({ connection, place = 'own' }: Connection, error: unknown): Failure {
  const { class: failureClass, code, message, action } = toFailure(error);
  const moved = `"${connection}" was moved, but n8n may not read it in ${placeInWords(place)} yet.`;
  return new Failure(failureClass, code, `${moved} ${message}`, action);
}

const isBeingPublished = (connection: string): Failure =>
  new Failure(
    'retry',
    'busy',
    `"${connection}" was moved, but another function is still publishing it.`,
    `See in a minute whether n8n can read it: npx zoom-tokens status ${connection}`,
  );

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
