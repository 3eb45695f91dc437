import { randomUUID } from 'node:crypto';
import { type Connection, logContext, type Tokens } from '../connection.ts';
import { learnZoomUser } from '../consent/learn-zoom-user.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { LEASE_SECONDS } from '../lease.ts';
import { grantedScope } from '../n8n-scopes.ts';
import { addPublication, postponed } from '../publication-room.ts';
import { nextPush, type PushResult, push } from '../push/push.ts';
import { rotateAt } from '../schedule.ts';
import { seal } from '../sealing/seal.ts';
import { measureOverlap } from './overlap.ts';
import { publish } from './publish.ts';
import { recordFailure } from './record-failure.ts';
import { requestTokens } from './request-tokens.ts';
import { retryUntil } from './retry.ts';

export type Outcome =
  /** Not due, disconnected or waiting for a person, or another function holds the lease. */
  | { kind: 'nothing' }
  /** A newer consent won while Zoom was responding; its tokens stay. */
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

/** How many n8n credentials took the token, and how many did not; left out where none was asked. */
type Pushes = Pick<PushResult, 'pushed' | 'failed'>;

export interface StepOptions {
  /** When the function ends, epoch seconds; until then the commit of new tokens is retried. */
  deadline: number;
  /** Rotate now, due or not. */
  early?: boolean;
}

/** How far a step has come. */
interface Progress {
  item: Connection;
  rotated: boolean;
  /** The tokens that this step has just stored. */
  fresh?: Tokens;
  phase: 'rotation' | 'publication';
  pushes?: PushResult;
}

/** Brings one connection to its desired state, and records a failure. */
export async function step(name: string, deps: Dependencies, options: StepOptions): Promise<Outcome> {
  const outcome = await attempt(name, deps, options);
  if (outcome.kind === 'failed') await recordFailure(outcome.item, outcome.error, deps);
  return outcome;
}

/**
 * Takes the step without recording its failure: the caller does (`recordFailure`), and until then the lease keeps every
 * other step away.
 */
export async function attempt(
  name: string,
  deps: Dependencies,
  { deadline, early = false }: StepOptions,
): Promise<Outcome> {
  const { store, now, log } = deps;
  const lease = { owner: randomUUID(), now: now(), until: now() + LEASE_SECONDS, early };
  const leased = await store.lease(name, lease);
  if (!leased) return { kind: 'nothing' };
  const progress: Progress = { item: leased, rotated: false, phase: 'rotation' };
  try {
    if (early || isRotationDue(leased, deps)) {
      const committed = await rotate(progress, deps, deadline);
      if (committed?.leaseOwner !== lease.owner) {
        await store.release(leased);
        log.info('yielded to a newer consent', logContext(leased));
        return { kind: 'yielded', item: leased };
      }
      progress.item = committed;
      progress.rotated = true;
      log.info('rotated', logContext(committed));
    }
    return await makeVisible(leased, progress, deps, deadline);
  } catch (error) {
    const { rotated, phase } = progress;
    // What n8n has not yet does not wait for Zoom, nor for Secrets Manager.
    const pushes = progress.pushes ?? (await push(progress.item, deps, deadline));
    const { item } = pushes;
    return { kind: 'failed', item, error: forGrant(item.grantType, error), rotated, phase, pushes };
  }
}

/** Returns whether to rotate: a token that only waits to be published is not rotated, a failed rotation is repeated. */
function isRotationDue(item: Connection, { now, margins }: Dependencies): boolean {
  const failedToRotate = item.failures > 0 && item.publishedVersion === item.version;
  const isRepeated = failedToRotate && now() >= postponed(item, now());
  return isRepeated || now() >= rotateAt(item, margins);
}

/** Sends one request to Zoom, then commits. Whatever could fail in between is fetched before. */
async function rotate(
  progress: Progress,
  deps: Dependencies,
  deadline: number,
): Promise<Connection | undefined> {
  const { store, keyring, now } = deps;
  const { item } = progress;
  const keys = await keyring();
  const tokens = await requestTokens(item, deps, deadline);
  progress.fresh = tokens;
  const sealedTokens = await seal(tokens, item.connection, keys);
  const rotation = { sealedTokens, expiresAt: tokens.expiresAt, rotatedAt: now(), ...grantedScope(tokens) };
  const commit = async () => {
    const committed = await store.commitRotation(item, rotation);
    if (committed) return committed;
    // An earlier attempt may have taken effect and lost its response.
    const stored = await store.get(item.connection);
    return stored?.sealedTokens === sealedTokens ? stored : undefined;
  };
  return retryUntil(deadline, commit, deps);
}

/** Publishes and pushes what is stored, and settles the step. */
async function makeVisible(
  leased: Connection,
  progress: Progress,
  deps: Dependencies,
  deadline: number,
): Promise<Outcome> {
  const { store, margins, log } = deps;
  const { rotated, fresh } = progress;
  progress.phase = 'publication';
  const published = progress.item.publishedVersion < progress.item.version;
  if (published) await publish(progress.item, deps, fresh);
  const pushes = await push(progress.item, deps, deadline);
  progress.pushes = pushes;
  const learned = fresh ? await learnZoomUser(pushes.item, fresh.accessToken, deps, deadline) : {};
  const known = { ...pushes.item, ...learned };
  const overlap = rotated ? await measureOverlap(leased, known, deps, deadline) : known.overlap;
  const publications = published ? { publications: addPublication(known.publications, deps.now()) } : {};
  const item = { ...known, ...publications, overlap };
  progress.item = item;
  const settlement = {
    validUntil: item.expiresAt,
    dueAt: Math.min(rotateAt(item, margins), nextPush(item, deps)),
    overlap,
    ...publications,
    ...learned,
    ...(item.targets && { targets: item.targets }),
  };
  // A consent that came meanwhile has tokens of its own to publish: the next step does.
  if (!(await store.settle(item, settlement))) await store.release(item);
  if (published) log.info('published', logContext(item));
  return { kind: 'settled', item, rotated, published, pushes };
}

/** No human consents to a Server-to-Server app: what would need one elsewhere is the operator's to fix there. */
function forGrant(grantType: Connection['grantType'], error: unknown): unknown {
  if (grantType !== 'account_credentials' || !(error instanceof Failure)) return error;
  if (error.class !== 'reconnect') return error;
  return new Failure(
    'misconfigured',
    error.code,
    error.message,
    'Activate the Server-to-Server OAuth app in the Zoom App Marketplace. The connection then recovers by itself.',
  );
}
