import pMap from 'p-map';
import { DEFAULT_APP } from '../../contract.ts';
import { verifyZoomApp } from '../apis/verify-zoom-app.ts';
import { assertName } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureDetails, toFailure } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { CONCURRENCY } from '../sweep/sweep.ts';
import type { AlertTopic } from './alert-topic.ts';
import { allBundleRooms, type BundleRoom } from './bundle-rooms.ts';
import { fleetPages } from './fleet-counts.ts';
import type { Installation } from './installation.ts';

type Problem = FailureDetails;
type CheckedStore = Pick<Dependencies['store'], 'sweptAt' | 'bundle'> & Fleet;

/** An app without a problem has credentials that Zoom accepts. `not_set_up` is no fault, because nothing needs the app. */
interface CheckedApp {
  app: string;
  problem?: Problem;
}

/** The findings of a check. Timestamps are epoch seconds. */
export interface InstallationCheck {
  now: number;
  /** When the last sweep completed; absent before the first. */
  sweptAt?: number;
  sweepRateMinutes: number;
  apps: CheckedApp[];
  /** Zoom's clock minus ours; absent if Zoom's time is unknown. */
  zoomSkewSeconds?: number;
  /** IAM entities that have n8n's policy, such as `user/n8n`. Empty in an installation without a policy. */
  n8n: { policyArn?: string; principals?: string[]; problem?: Problem };
  /** Topic and subscribers of the alerts; absent without a topic. */
  alertTopic?: AlertTopic;
  /** How full each bundle is; absent without bundles. */
  bundles?: BundleRoom[];
  /** Why a key cannot be read; absent where both can. */
  keyProblems?: Problem[];
}

/** Returns the users, roles and groups to which a policy is attached, such as `user/n8n`. */
type ListPolicyEntities = (policyArn: string) => Promise<string[]>;

/** Reads of AWS that no other action needs. */
interface Outside {
  policyEntities: ListPolicyEntities;
  /** Absent without a topic. */
  alertTopic: (() => Promise<AlertTopic>) | undefined;
}

/**
 * Checks what the connections depend on: the apps, the keys, the sweep, the clocks, n8n's policy and the topic of
 * the alerts. Changes nothing.
 * @param named apps to check besides those that are deployed
 * @throws {Failure} `rejected` (`invalid_name`)
 */
export async function checkInstallation(
  named: string[],
  deps: Pick<Dependencies, 'vault' | 'zoom' | 'now' | 'bundleBytes'> & { store: CheckedStore },
  { existing, sweepRateMinutes, n8nPolicyArn }: Installation,
  { policyEntities, alertTopic }: Outside,
): Promise<InstallationCheck> {
  for (const app of named) assertName('app', app);
  const apps = [...new Set([DEFAULT_APP, ...Object.keys(existing.appSecretArns), ...named])].sort();
  const [checked, sweptAt, zoomSkewSeconds, n8n, topic, bundles, keyProblems] = await Promise.all([
    pMap(apps, (app) => checkApp(app, deps), { concurrency: CONCURRENCY }),
    deps.store.sweptAt(),
    measureSkew(deps),
    n8nPolicyArn === undefined ? {} : checkPolicy(n8nPolicyArn, policyEntities),
    alertTopic?.(),
    allBundleRooms(deps, deps.now()),
    checkKeys(deps),
  ]);
  return {
    now: deps.now(),
    ...(sweptAt !== undefined && { sweptAt }),
    sweepRateMinutes,
    apps: checked,
    ...(zoomSkewSeconds !== undefined && { zoomSkewSeconds }),
    n8n,
    ...(topic && { alertTopic: topic }),
    ...(bundles.length > 0 && { bundles }),
    ...(keyProblems.length > 0 && { keyProblems }),
  };
}

async function checkApp(
  app: string,
  { vault, zoom, store, now }: Pick<Dependencies, 'vault' | 'zoom' | 'now'> & { store: CheckedStore },
): Promise<CheckedApp> {
  try {
    await verifyZoomApp(await vault.app(app, { fresh: true }), zoom).catch(withManualRetry);
    return { app };
  } catch (error) {
    const problem = toFailure(error);
    const isUnset = problem.code === 'app_not_deployed' || problem.code === 'secret_unusable';
    if (!isUnset || (await isUsed(app, store, now()))) return { app, problem };
    if (problem.code === 'app_not_deployed') return { app, problem: { ...problem, code: 'not_set_up' } };
    const action = `If you need it, run: zoom-tokens setup ${app}.`;
    return { app, problem: { ...problem, code: 'not_set_up', action } };
  }
}

/** Reads both keys without a cache: a warm function goes on for minutes with a key that the next one cannot read. */
async function checkKeys({ vault }: Pick<Dependencies, 'vault'>): Promise<Problem[]> {
  const reads = await Promise.allSettled([vault.sealingSeed('current'), vault.linkKey()]);
  return reads.flatMap((read) => (read.status === 'rejected' ? toFailure(read.reason) : []));
}

/** Returns whether a connection uses the app. */
async function isUsed(app: string, store: Fleet, now: number): Promise<boolean> {
  const statuses = ['active', 'reconnect', 'misconfigured'] as const;
  for (const status of statuses) {
    for await (const { count } of fleetPages({ status, app, now, isCount: true }, store))
      if (count > 0) return true;
  }
  return false;
}

/** Replaces the action of a retryable failure, because no sweep retries the check. */
function withManualRetry(error: unknown): never {
  if (!(error instanceof Failure) || error.class !== 'retry') throw error;
  throw new Failure('retry', error.code, error.message, 'See status.zoom.us and check again later.');
}

async function measureSkew({ zoom, now }: Pick<Dependencies, 'zoom' | 'now'>): Promise<number | undefined> {
  const sentAt = now();
  const theirs = await zoom.time();
  // Zoom reads its clock about halfway between the request and the response.
  return theirs === undefined ? undefined : theirs - Math.round((sentAt + now()) / 2);
}

async function checkPolicy(
  policyArn: string,
  policyEntities: ListPolicyEntities,
): Promise<InstallationCheck['n8n']> {
  try {
    return { policyArn, principals: await policyEntities(policyArn) };
  } catch (error) {
    return { policyArn, problem: toFailure(error) };
  }
}
