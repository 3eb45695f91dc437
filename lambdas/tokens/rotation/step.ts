import { randomUUID } from 'node:crypto';
import { ZOOM_TIMEOUT_SECONDS, type ZoomApp } from '../apis/zoom.ts';
import { backOff, type Connection, logContext, rotateAt, type Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { nextPush, type PushResult, push } from '../push/push.ts';
import { open, seal } from '../sealing/seal.ts';
import { measureOverlap } from './overlap.ts';
import { publish } from './publish.ts';
import { retryUntil } from './retry.ts';

/**
 * Longer than any function of ours may run (60 s), by twice the minute that two clocks may be apart: nobody
 * works on a connection whose lease somebody else could take.
 */
export const LEASE_SECONDS = 180;

/** Left for the commit, at the least, after Zoom's latest answer. */
const STORE_SECONDS = 5;

export type Outcome =
  /** Not due, not ours to touch, or somebody else is at it. */
  | { kind: 'nothing' }
  /** A newer consent won while Zoom was answering; its tokens stay. */
  | { kind: 'yielded'; item: Connection }
  | { kind: 'settled'; item: Connection; rotated: boolean; published: boolean; pushes?: Pushes }
  | {
      kind: 'failed';
      item: Connection;
      error: unknown;
      rotated: boolean;
      phase: 'rotation' | 'publication';
      pushes?: Pushes;
    };

/** How many n8n credentials have taken the token, and how many have not; left out where none was asked. */
type Pushes = Pick<PushResult, 'pushed' | 'failed'>;

export interface StepOptions {
  /** When the function ends, epoch seconds: until then a new token is tried to be stored. */
  deadline: number;
  /** Rotate now, due or not. */
  early?: boolean;
}

/** Brings one connection to its desired state, and notes a failure. */
export async function step(name: string, deps: Dependencies, options: StepOptions): Promise<Outcome> {
  const outcome = await attempt(name, deps, options);
  if (outcome.kind === 'failed') await recordFailure(outcome.item, outcome.error, deps);
  return outcome;
}

/**
 * The step without its last word on a failure: the caller notes it (`noteFailure`), and until then the lease
 * keeps everybody else away.
 */
export async function attempt(
  name: string,
  deps: Dependencies,
  { deadline, early = false }: StepOptions,
): Promise<Outcome> {
  const { store, now, margins, log } = deps;
  const owner = randomUUID();
  const leased = await store.lease(name, { owner, now: now(), until: now() + LEASE_SECONDS, early });
  if (!leased) return { kind: 'nothing' };
  let item = leased;
  let fresh: Tokens | undefined;
  let rotated = false;
  let phase: 'rotation' | 'publication' = 'rotation';
  let pushes: PushResult | undefined;
  try {
    if (early || isRotationDue(item, deps)) {
      const { committed, tokens } = await rotate(item, deps, deadline);
      if (committed?.leaseOwner !== owner) {
        await store.release(item);
        log.info('yielded to a newer consent', logContext(item));
        return { kind: 'yielded', item };
      }
      item = committed;
      fresh = tokens;
      rotated = true;
      log.info('rotated', logContext(item));
    }
    phase = 'publication';
    const published = item.publishedVersion < item.version;
    if (published) await publish(item, deps, fresh);
    pushes = await push(item, deps, deadline);
    item = pushes.item;
    if (rotated) item = { ...item, overlap: await measureOverlap(leased, item, deps, deadline) };
    const settled = {
      validUntil: item.expiresAt,
      dueAt: Math.min(rotateAt(item, margins), nextPush(item, deps)),
      overlap: item.overlap,
      ...(item.targets && { targets: item.targets }),
    };
    // A consent that came meanwhile has tokens of its own to publish: the next step does.
    if (!(await store.settle(item, settled))) await store.release(item);
    if (published) log.info('published', logContext(item));
    return { kind: 'settled', item, rotated, published, pushes };
  } catch (error) {
    // What n8n has not yet does not wait for Zoom, nor for Secrets Manager.
    pushes ??= await push(item, deps, deadline);
    const failed = { item: pushes.item, error: forGrant(item.grantType, error) };
    return { kind: 'failed', ...failed, rotated, phase, pushes };
  }
}

/** A token that only waits to be published is not rotated; a rotation that failed before its time is repeated. */
function isRotationDue(item: Connection, { now, margins }: Dependencies): boolean {
  const failedToRotate = item.failures > 0 && item.publishedVersion === item.version;
  return failedToRotate || now() >= rotateAt(item, margins);
}

/** One request to Zoom, then the commit. Whatever could fail in between is fetched before. */
async function rotate(
  item: Connection,
  deps: Dependencies,
  deadline: number,
): Promise<{ committed: Connection | undefined; tokens: Tokens }> {
  const { store, keyring, now } = deps;
  const keys = await keyring();
  const tokens = await requestTokens(item, deps, deadline);
  const sealedTokens = await seal(tokens, item.connection, keys);
  const rotation = { sealedTokens, expiresAt: tokens.expiresAt, rotatedAt: now() };
  const committed = await retryUntil(
    async () => {
      const committed = await store.commitRotation(item, rotation);
      if (committed) return committed;
      // An earlier attempt may have taken effect and lost its answer.
      const stored = await store.get(item.connection);
      return stored?.sealedTokens === sealedTokens ? stored : undefined;
    },
    deps,
    deadline,
  );
  return { committed, tokens };
}

/** Asks Zoom, and once more if the operator has replaced the app's credentials since we last read them. */
async function requestTokens(
  item: Connection,
  { vault, zoom, keyring, now }: Dependencies,
  deadline: number,
): Promise<Tokens> {
  const ask = await (async (): Promise<(app: ZoomApp) => Promise<Tokens>> => {
    if (item.grantType === 'account_credentials') return (app) => zoom.accountCredentials(app);
    const { refreshToken = '' } = await open(item.sealedTokens, item.connection, keyring);
    // RFC 6749 section 6: an answer without a refresh token leaves the present one in force.
    return async (app) => {
      if (now() > deadline - ZOOM_TIMEOUT_SECONDS - STORE_SECONDS) throw noTimeLeft(item.connection);
      return { refreshToken, ...(await zoom.refresh(app, refreshToken)) };
    };
  })();
  const app = await vault.app(item.app);
  try {
    return await ask(app);
  } catch (error) {
    const refused = error instanceof Failure && error.class !== 'retry';
    if (!refused) throw error;
    const fresh = await vault.app(item.app, { fresh: true });
    if (isSameApp(fresh, app)) throw error;
    return ask(fresh);
  }
}

/** A refresh token is not spent when its successor could not be stored any more. */
function noTimeLeft(connection: string): Failure {
  return new Failure(
    'retry',
    'no_time_left',
    `There was too little time left to ask Zoom for "${connection}" and store its answer.`,
    'Nothing to do: the next sweep asks.',
  );
}

function isSameApp(one: ZoomApp, other: ZoomApp): boolean {
  const { clientId, clientSecret, accountId } = one;
  return clientId === other.clientId && clientSecret === other.clientSecret && accountId === other.accountId;
}

/** No human consents to a Server-to-Server app: what would need one elsewhere is the operator's to fix there. */
function forGrant(grantType: Connection['grantType'], error: unknown): unknown {
  if (grantType !== 'account_credentials' || !(error instanceof Failure)) return error;
  if (error.class !== 'reconnect') return error;
  return new Failure(
    'misconfigured',
    error.code,
    error.message,
    'Check in the Zoom App Marketplace that the Server-to-Server OAuth app is activated; it heals by itself then.',
  );
}

/**
 * Writes a failure down: the status after its class, the next attempt after its back-off. A connection that moved
 * on meanwhile (a newer version, another holder) is left alone.
 */
export async function recordFailure(item: Connection, error: unknown, deps: Dependencies): Promise<void> {
  const { store, now, random, log } = deps;
  const lastError = { ...toFailure(error), at: now() };
  const failures = item.failures + 1;
  const retryAfter = error instanceof Failure ? error.retryAfter : undefined;
  const failure = {
    ...(item.targets && { targets: item.targets }),
    status: statusAfter(item, lastError.class),
    dueAt: now() + backOff({ class: lastError.class, retryAfter }, failures, random()),
    failures,
    lastError,
  };
  try {
    if (!(await store.fail(item, failure))) {
      await store.release(item);
      log.info('left alone, it has moved on', {
        ...logContext(item),
        class: lastError.class,
        code: lastError.code,
      });
      return;
    }
  } catch {
    // The store is down as well: the lease runs out, and a later sweep starts from what is stored.
  }
  const level = lastError.class === 'retry' ? 'warn' : 'error';
  log[level](lastError.message, {
    ...logContext(item),
    class: lastError.class,
    code: lastError.code,
    failures,
  });
}

function statusAfter(item: Connection, failureClass: Failure['class']): Connection['status'] {
  return failureClass === 'reconnect' || failureClass === 'misconfigured' ? failureClass : item.status;
}
