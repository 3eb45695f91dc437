import { randomUUID } from 'node:crypto';
import { type Connection, logContext } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { getConnectionOrThrow } from '../get-connection.ts';
import { LEASE_SECONDS, waitForLease } from '../lease.ts';
import { retryUntil } from '../rotation/retry.ts';
import { open } from '../sealing/seal.ts';
import type { DisconnectResult } from '../store.ts';
import { REVOKE_SECONDS, UNPUBLISH_SECONDS } from '../time-budget.ts';
import { revoke } from './revoke.ts';

const SECOND_TRY_MS = 1000;

export interface DisconnectOptions {
  /** When the function ends, epoch seconds. */
  deadline: number;
  /** Delete the published secret at once, with no recovery window. */
  force: boolean;
}

/**
 * Ends a connection: revoked at Zoom, its published secret deleted, its tokens forgotten. What Zoom does not confirm
 * is told by `lastError`, and `revokedAt` is missing. A repetition finishes what was left undone.
 * @throws {Failure} `rejected` for an unknown connection, or when a newer consent won; `retry` while a step
 * holds the connection, or when the secret could not be deleted
 */
export async function disconnect(
  name: string,
  deps: Dependencies,
  { deadline, force }: DisconnectOptions,
): Promise<Connection> {
  await getConnectionOrThrow(name, deps.store);
  const { now } = deps;
  const ending = { disconnectedAt: now() };
  const held = await beginUnderLease(name, ending, deps, deadline - REVOKE_SECONDS - UNPUBLISH_SECONDS);
  const revokedAt = held.revokedAt ?? (await revokeNow(held, deps, deadline));
  return finish(held, { revokedAt, force }, deps, deadline);
}

/**
 * The user has removed the app at Zoom, so Zoom has ended the tokens itself: what is left is ours to forget. Answers
 * `undefined` where that is done, or a consent is newer.
 * @param seen the connection as it was when it was found to be that user's
 * @param at when the user did it, epoch seconds
 * @throws {Failure} `retry` while a step holds the connection: Zoom delivers its event again
 */
export async function disconnectDeauthorized(
  seen: Connection,
  at: number,
  deps: Dependencies,
  deadline: number,
): Promise<Connection | undefined> {
  const isDone = seen.status === 'disconnected' && seen.sealedTokens === '';
  if (isDone || seen.consentedAt >= at) return undefined;
  const { connection, generation, disconnectedAt = 0 } = seen;
  const ending = { disconnectedAt: Math.max(at, disconnectedAt), generation };
  const held = await beginUnderLease(connection, ending, deps, deps.now());
  return finish(held, { revokedAt: held.revokedAt ?? at, force: false }, deps, deadline);
}

/**
 * Only a lease's holder writes or deletes the published secret, so whoever disconnects waits for the lease. Taking it
 * raises the version: whatever a step still brings is not stored.
 */
async function beginUnderLease(
  connection: string,
  ending: { disconnectedAt: number; generation?: number },
  { store, now, wait, log }: Dependencies,
  patience: number,
): Promise<Connection> {
  const owner = randomUUID();
  const begin = async () => {
    const lease = { owner, now: now(), until: now() + LEASE_SECONDS };
    const held = await store.beginDisconnect(connection, { ...lease, ...ending });
    if (held || ending.generation === undefined) return held;
    const item = await store.get(connection);
    if (item?.generation !== ending.generation) throw overtaken(connection);
    return undefined;
  };
  const held = await waitForLease(begin, () => busy(connection), { now, wait }, patience);
  log.info('disconnected', logContext(held));
  return held;
}

/** The instant of Zoom's confirmation. Without one the connection is disconnected all the same. */
async function revokeNow(
  held: Connection,
  deps: Dependencies,
  deadline: number,
): Promise<number | undefined> {
  const { now, wait, keyring, log } = deps;
  const ask = async () => {
    if (now() > deadline - REVOKE_SECONDS - UNPUBLISH_SECONDS) throw noTimeLeft();
    await revoke(await open(held.sealedTokens, held.connection, keyring), held.app, deps);
  };
  try {
    if (held.sealedTokens === '') return undefined;
    await ask().catch(async (error) => {
      if (toFailure(error).class !== 'retry') throw error;
      // Unlike a refresh, a revocation may be repeated; after it the tokens are forgotten.
      await wait(SECOND_TRY_MS);
      await ask();
    });
    return now();
  } catch (error) {
    const { class: failureClass, code, message } = toFailure(error);
    log.warn(`Not revoked at Zoom. ${message}`, { ...logContext(held), class: failureClass, code });
    return undefined;
  }
}

/** The secret first, the tokens last: as long as these are there, something is left to do. */
async function finish(
  held: Connection,
  { revokedAt, force }: { revokedAt: number | undefined; force: boolean },
  deps: Dependencies,
  deadline: number,
): Promise<Connection> {
  const { store, vault, now, log } = deps;
  const { connection } = held;
  const deletedAt =
    (await vault.unpublish(connection, { force }).catch(recordUndeleted(held, deps))) ?? held.secretDeletedAt;
  const withdrawal: DisconnectResult = {
    ...(deletedAt !== undefined && { secretDeletedAt: deletedAt }),
    ...(revokedAt === undefined ? { lastError: notRevoked(held, now()) } : { revokedAt }),
  };
  const item = await retryUntil(deadline, () => store.finishDisconnect(held, withdrawal), deps);
  if (item) {
    log.info('withdrawn', { ...logContext(item), revoked: revokedAt !== undefined });
    return item;
  }
  await store.release(held);
  throw overtaken(connection);
}

/** Writes down that the secret is still there, and lets the lease go, so that a repetition need not wait. */
function recordUndeleted(held: Connection, { store, now }: Dependencies) {
  return async (error: unknown): Promise<never> => {
    const failure = error instanceof Failure ? error : notDeleted(held.connection, error);
    const { dueAt, failures, validUntil } = held;
    const lastError = { ...toFailure(failure), at: now() };
    const failed = { status: 'disconnected', dueAt, validUntil, failures: failures + 1, lastError } as const;
    // Where this cannot be written either, the lease runs out by itself.
    await store.fail(held, failed).catch(() => false);
    throw failure;
  };
}

function notRevoked(
  { connection, grantType }: Connection,
  at: number,
): Required<DisconnectResult>['lastError'] {
  const isServer = grantType === 'account_credentials';
  return {
    class: 'misconfigured',
    code: 'not_revoked',
    message: `"${connection}" is disconnected and its tokens are forgotten here, but Zoom did not confirm that it revoked them: what has read the access token can use it until it ends, at most an hour.`,
    action: isServer
      ? 'If that is too long, deactivate the app in the Zoom App Marketplace.'
      : 'Remove the app from the user’s account: Zoom App Marketplace, Manage, Added Apps.',
    at,
  };
}

function notDeleted(connection: string, error: unknown): Failure {
  return new Failure(
    'retry',
    'not_withdrawn',
    `"${connection}" is disconnected, but its published secret could not be deleted (${error instanceof Error ? error.name : 'unknown'}).`,
    `Disconnect it again: zoom-tokens disconnect ${connection}.`,
  );
}

function busy(connection: string): Failure {
  return new Failure(
    'retry',
    'busy',
    `"${connection}" is being worked on by a rotation; it was not disconnected, and nothing was changed.`,
    'Try again in three minutes: by then no rotation can hold it.',
    LEASE_SECONDS,
  );
}

function overtaken(connection: string): Failure {
  return new Failure(
    'rejected',
    'overtaken',
    `"${connection}" was connected by a newer consent meanwhile; that one stays.`,
    'If it is to be disconnected too, disconnect it again.',
  );
}

function noTimeLeft(): Failure {
  return new Failure(
    'retry',
    'no_time_left',
    'There was too little time left to ask Zoom.',
    'Remove the app at Zoom by hand.',
  );
}
