import { randomUUID } from 'node:crypto';
import { type Connection, logContext, type Tokens } from '../connection.ts';
import { learnZoomUser } from '../consent/learn-zoom-user.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, namingConnection, toFailure } from '../errors.ts';
import { type AppMonitor, createAppMonitor } from '../judgement/app-monitor.ts';
import { LEASE_SECONDS, leftoverOf } from '../lease.ts';
import { grantedScope } from '../n8n-scopes.ts';
import { nextChange } from '../publication/place.ts';
import { atOnce, publishPlaces } from '../publication/publish-places.ts';
import { addPublication, postponed } from '../publication-room.ts';
import { nextPush, type PushResult, push } from '../push/push.ts';
import { earliestEnd, rotateAt } from '../schedule.ts';
import { seal } from '../sealing/seal.ts';
import { afterLostResponse, waitOutLostResponse } from './lost-response.ts';
import type { Outcome, StepOptions } from './outcome.ts';
import { keepForMeasurement, measureOverlap, type Overlap, overlapOf } from './overlap.ts';
import { publishStored } from './publish-stored.ts';
import { recordFailure } from './record-failure.ts';
import { requestTokens } from './request-tokens.ts';
import { settleKeptConsent } from './settle-kept-consent.ts';
import { storeTokens, takeUpTokens } from './store-tokens.ts';

/** How far a step has come. */
interface Progress {
  item: Connection;
  rotated: boolean;
  /** The tokens that Zoom has just granted to this step. */
  fresh?: Tokens;
  /** The rescue store holds tokens of this version, or may hold some. */
  mayHaveRescued: boolean;
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
  const { deadline, apps, publishBundle = atOnce(deps, deadline) } = options;
  const mayHaveRescued = leftoverOf(leased) !== undefined;
  const progress: Progress = { item: leased, rotated: false, phase: 'rotation', mayHaveRescued };
  try {
    const kept = await settleKeptConsent(leased, deps, deadline);
    if (kept.isRenewed) {
      progress.item = kept.item;
      progress.mayHaveRescued = false;
      progress.rotated = true;
      return await makeVisible(leased, progress, deps, options);
    }
    const takenUp = await takeUp(progress, deps, options);
    if (takenUp || isRotationAsked(leased, deps, options)) {
      const { committed } = takenUp ?? { committed: await rotate(progress, deps, options) };
      if (!committed || committed.leaseOwner !== leased.leaseOwner) {
        await store.release(leased);
        log.info('yielded to a newer consent', logContext(leased));
        return { kind: 'yielded', item: leased };
      }
      progress.item = committed;
      progress.rotated = true;
      log.info('rotated', logContext(committed));
    }
    return await makeVisible(leased, progress, deps, options);
  } catch (error) {
    if (isAppPaused(error)) {
      await store.release(leased, { isUnfinished: leftoverOf(leased) !== undefined });
      return { kind: 'paused', item: leased, error };
    }
    const { rotated, phase } = progress;
    // What n8n has not yet does not wait for Zoom, nor for Secrets Manager.
    const stored =
      phase === 'rotation'
        ? await publishStored(progress.item, deps, publishBundle)
        : { item: progress.item, written: {} };
    const pushes = progress.pushes ?? (await push(stored.item, deps, deadline));
    const { item } = pushes;
    const judged = afterLostResponse(item, forGrant(item.grantType, error));
    const failure = namingConnection(judged, item.connection);
    const remains = { ...remainsOf(progress, error, deps.now()), ...stored.written };
    const recorded = await recordFailure(item, failure, remains, deps, apps);
    return { kind: 'failed', item, error: failure, rotated, phase, pushes, ...recorded };
  }
}

/**
 * Looks for the tokens that an earlier step could not store, where one left no outcome. Where that place cannot be read, Zoom
 * is not asked, and what is stored is published all the same.
 */
async function takeUp(
  progress: Progress,
  deps: Dependencies,
  options: StepOptions,
): Promise<{ committed: Connection | undefined } | undefined> {
  const { item } = progress;
  if (item.grantType === 'account_credentials') progress.mayHaveRescued = false;
  if (!progress.mayHaveRescued) return undefined;
  try {
    const takenUp = await takeUpTokens(item, deps, options.deadline);
    progress.mayHaveRescued = false;
    return takenUp;
  } catch (error) {
    const isUnreadable = error instanceof Failure && error.code === 'rescue_unreadable';
    if (!isUnreadable || isRotationAsked(item, deps, options)) throw error;
    return undefined;
  }
}

/** Returns what later steps have to know of tokens that are kept elsewhere, or lost. */
function remainsOf(
  { item, phase, mayHaveRescued }: Progress,
  error: unknown,
  now: number,
): Pick<Connection, 'askedAt' | 'lostAt'> {
  const { grantType, askedAt } = item;
  if (grantType === 'account_credentials' || phase !== 'rotation') return {};
  if (mayHaveRescued) return askedAt === undefined ? {} : { askedAt };
  const lostNow = toFailure(error).code === 'no_answer' ? now : undefined;
  const lostAt = item.lostAt ?? leftoverOf(item) ?? lostNow;
  return lostAt === undefined ? {} : { lostAt };
}

const isRotationAsked = (item: Connection, deps: Dependencies, { early = false }: StepOptions): boolean =>
  early || isRotationDue(item, deps);

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
  const { sealingKey, now } = deps;
  const { item } = progress;
  await waitOutLostResponse(item, deps, options.deadline);
  const key = await sealingKey();
  const { tokens, clientId } = await requestTokens(item, deps, options);
  progress.fresh = tokens;
  const sealedTokens = await seal(tokens, item.connection, key);
  const { expiresAt } = tokens;
  const rotation = { sealedTokens, expiresAt, rotatedAt: now(), clientId, ...grantedScope(tokens) };
  progress.mayHaveRescued = true;
  const committed = await storeTokens(item, rotation, deps, options.deadline);
  progress.mayHaveRescued = false;
  return committed;
}

/** Publishes and pushes what is stored, and settles the step. */
async function makeVisible(
  leased: Connection,
  progress: Progress,
  deps: Dependencies,
  { deadline, publishBundle = atOnce(deps, deadline) }: StepOptions,
): Promise<Outcome> {
  const { store, margins, log } = deps;
  const { rotated, fresh } = progress;
  progress.phase = 'publication';
  const isNew = progress.item.publishedVersion < progress.item.version;
  const isMoving = nextChange(progress.item) <= deps.now();
  const places =
    isNew || isMoving
      ? await publishPlaces(progress.item, deps, { tokens: fresh, isNew, publishBundle })
      : { isOwn: false };
  const published = isNew && progress.item.place !== 'none';
  const pushes = await push(progress.item, deps, deadline);
  progress.pushes = pushes;
  const learned = fresh ? await learnZoomUser(pushes.item, fresh.accessToken, deps, deadline) : {};
  const known = { ...pushes.item, ...learned };
  const overlap = await attendToOverlap(leased, { ...progress, item: known }, deps, deadline);
  const publications = places.isOwn ? { publications: addPublication(known.publications, deps.now()) } : {};
  const oldPlaces = 'oldPlaces' in places ? { oldPlaces: places.oldPlaces } : {};
  const item = { ...known, ...publications, ...overlap, ...oldPlaces, validUntil: earliestEnd(known) };
  progress.item = item;
  const settlement = {
    validUntil: item.validUntil,
    dueAt: Math.min(
      rotateAt(item, margins),
      nextPush(item, deps),
      overlap.measureAt ?? Infinity,
      nextChange(item),
    ),
    ...overlap,
    ...publications,
    ...oldPlaces,
    ...learned,
    ...(item.targets && { targets: item.targets }),
    ...(progress.mayHaveRescued && item.askedAt !== undefined && { askedAt: item.askedAt }),
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
