import { randomUUID } from 'node:crypto';
import { type Connection, logContext, type Tokens } from '../connection.ts';
import { learnZoomUser } from '../consent/learn-zoom-user.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { type AppMonitor, createAppMonitor } from '../judgement/app-monitor.ts';
import { LEASE_SECONDS } from '../lease.ts';
import { grantedScope } from '../n8n-scopes.ts';
import { addPublication, postponed } from '../publication-room.ts';
import { nextPush, type PushResult, push } from '../push/push.ts';
import { rotateAt } from '../schedule.ts';
import { seal } from '../sealing/seal.ts';
import { keepForMeasurement, measureOverlap, type Overlap, overlapOf } from './overlap.ts';
import { publish } from './publish.ts';
import { type Recorded, recordFailure } from './record-failure.ts';
import { requestTokens } from './request-tokens.ts';
import { retryUntil } from './retry.ts';

export type Outcome =
  /** Not due, disconnected or waiting for a person, or another function holds the lease. */
  | { kind: 'nothing' }
  /** Zoom's rate limit pauses the app: Zoom was not asked, and the connection stays due. */
  | { kind: 'paused'; item: Connection; error: Failure }
  /** A newer consent won while Zoom was responding; its tokens stay. */
  | { kind: 'yielded'; item: Connection }
  | { kind: 'settled'; item: Connection; rotated: boolean; published: boolean; pushes?: Pushes }
  | ({
      kind: 'failed';
      item: Connection;
      error: unknown;
      rotated: boolean;
      phase: 'rotation' | 'publication';
      pushes?: Pushes;
    } & Recorded);

/** How many n8n credentials took the token, and how many did not; left out where none was asked. */
type Pushes = Pick<PushResult, 'pushed' | 'failed'>;

export interface StepOptions {
  /** When the function ends, epoch seconds; until then the commit of new tokens is retried. */
  deadline: number;
  /** Rotate now, due or not. */
  early?: boolean;
  /** Allow a connection that waits for a person: Zoom may have recovered. */
  inReconnect?: boolean;
  /** The apps as the invocation knows them; by default its own view, stored at the end of the step. */
  apps?: AppMonitor;
  /** The step is the one request that finds out whether a paused app may go on. */
  isProbe?: boolean;
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
  const { store, now } = deps;
  const { apps = createAppMonitor(deps), early = false, inReconnect = false } = options;
  const lease = { owner: randomUUID(), now: now(), until: now() + LEASE_SECONDS, early, inReconnect };
  const leased = await store.lease(name, lease);
  if (!leased) return { kind: 'nothing' };
  const outcome = await attempt(leased, deps, { ...options, apps });
  if (options.apps === undefined) await apps.flush();
  return outcome;
}

async function attempt(
  leased: Connection,
  deps: Dependencies,
  options: StepOptions & { apps: AppMonitor },
): Promise<Outcome> {
  const { store, log } = deps;
  const { deadline, early = false, apps } = options;
  const progress: Progress = { item: leased, rotated: false, phase: 'rotation' };
  try {
    if (early || isRotationDue(leased, deps)) {
      const committed = await rotate(progress, deps, options);
      if (!committed || committed.leaseOwner !== leased.leaseOwner) {
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
    if (isAppPaused(error)) {
      await store.release(leased);
      return { kind: 'paused', item: leased, error };
    }
    const { rotated, phase } = progress;
    // What n8n has not yet does not wait for Zoom, nor for Secrets Manager.
    const pushes = progress.pushes ?? (await push(progress.item, deps, deadline));
    const { item } = pushes;
    const failure = forGrant(item.grantType, error);
    const recorded = await recordFailure(item, failure, deps, apps);
    return { kind: 'failed', item, error: failure, rotated, phase, pushes, ...recorded };
  }
}

const isAppPaused = (error: unknown): error is Failure =>
  error instanceof Failure && error.code === 'app_paused';

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
  options: StepOptions & { apps: AppMonitor },
): Promise<Connection | undefined> {
  const { store, keyring, now } = deps;
  const { item } = progress;
  const keys = await keyring();
  const { tokens, clientId } = await requestTokens(item, deps, options);
  progress.fresh = tokens;
  const sealedTokens = await seal(tokens, item.connection, keys);
  const { expiresAt } = tokens;
  const rotation = { sealedTokens, expiresAt, rotatedAt: now(), clientId, ...grantedScope(tokens) };
  const commit = async () => {
    const committed = await store.commitRotation(item, rotation);
    if (committed) return committed;
    // An earlier attempt may have taken effect and lost its response.
    const stored = await store.get(item.connection);
    return stored?.sealedTokens === sealedTokens ? stored : undefined;
  };
  return retryUntil(options.deadline, commit, deps);
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
  const overlap = await attendToOverlap(leased, { ...progress, item: known }, deps, deadline);
  const publications = published ? { publications: addPublication(known.publications, deps.now()) } : {};
  const item = { ...known, ...publications, ...overlap, validUntil: earliestEnd(known) };
  progress.item = item;
  const settlement = {
    validUntil: item.validUntil,
    dueAt: Math.min(rotateAt(item, margins), nextPush(item, deps), overlap.measureAt ?? Infinity),
    ...overlap,
    ...publications,
    ...learned,
    ...(item.targets && { targets: item.targets }),
  };
  // A consent that came meanwhile has tokens of its own to publish: the next step does.
  if (!(await store.settle(item, settlement))) await store.release(item);
  if (published) log.info('published', logContext(item));
  return { kind: 'settled', item, rotated, published, pushes };
}

/** Keeps what a rotation has replaced, or measures what an earlier one has kept. */
async function attendToOverlap(
  leased: Connection,
  { rotated, item }: Progress,
  deps: Dependencies,
  deadline: number,
): Promise<Overlap> {
  if (rotated) return keepForMeasurement(leased, item, deps);
  const isDue = item.measureAt !== undefined && item.measureAt <= deps.now();
  return isDue ? measureOverlap(item, deps, deadline) : overlapOf(item);
}

/** Returns when the first reader loses its token, epoch seconds: Secrets Manager's, or an n8n that is pushed to. */
const earliestEnd = ({ expiresAt, targets = [] }: Connection): number =>
  Math.min(expiresAt, ...targets.map(({ validUntil = expiresAt }) => validUntil));

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
