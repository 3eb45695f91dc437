import pMap from 'p-map';
import { DEFAULT_APP } from '../../contract.ts';
import { verifyZoomApp } from '../apis/verify-zoom-app.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureDetails, toFailure } from '../errors.ts';
import type { Fleet } from '../fleet.ts';
import { assertName } from '../names.ts';
import { CONCURRENCY } from '../sweep/sweep.ts';
import type { AlertTopic } from './alert-topic.ts';
import { type BundleRoom, bundleRooms } from './bundle-rooms.ts';
import { checkRescue, type RescueProbe } from './check-rescue.ts';
import { type AppUse, type FleetUses, fleetUses } from './fleet-uses.ts';
import type { Installation } from './installation.ts';

type Problem = FailureDetails;
type CheckedStore = Pick<Dependencies['store'], 'sweptAt' | 'bundle'> & Fleet;

/** An app without a problem has credentials that Zoom accepts. `not_set_up` is no fault, because nothing needs the app. */
interface CheckedApp {
  app: string;
  problem?: Problem;
  /** The connections of an app that was taken out of the deployment. */
  use?: AppUse;
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
  /** Why the rescue bucket cannot be used; empty where it can. An earlier version has none. */
  rescueProblems?: Problem[];
  /** Why the audit log takes no line; empty where it does. Absent without an audit log. */
  auditProblems?: Problem[];
}

/** Returns the users, roles and groups to which a policy is attached, such as `user/n8n`. */
type ListPolicyEntities = (policyArn: string) => Promise<string[]>;

/** The parts of AWS that no other action needs. */
interface Outside {
  policyEntities: ListPolicyEntities;
  /** Absent without a topic. */
  alertTopic: (() => Promise<AlertTopic>) | undefined;
  rescue: RescueProbe;
  /** Stores a line, since nothing else proves that the next command's can be stored. Absent without an audit log. */
  audit: (() => Promise<void>) | undefined;
}

/**
 * Checks what the connections and the commands depend on: the apps, the keys, the rescue bucket, the audit log, the sweep,
 * the clocks, n8n's policy and the topic of the alerts. Leaves nothing behind but a line in the audit log.
 * @param named apps to check besides those that are deployed or used
 * @throws {Failure} `rejected` (`invalid_name`)
 */
export async function checkInstallation(
  named: string[],
  deps: Pick<Dependencies, 'vault' | 'zoom' | 'now' | 'bundleBytes'> & { store: CheckedStore },
  { existing, sweepRateMinutes, n8nPolicyArn }: Installation,
  { policyEntities, alertTopic, rescue, audit }: Outside,
): Promise<InstallationCheck> {
  for (const app of named) assertName('app', app);
  const uses = await fleetUses(deps.store, deps.now());
  // An app that was taken out of the deployment is still used: its connections end within the hour.
  const deployed = Object.keys(existing.appSecretArns);
  const apps = [...new Set([DEFAULT_APP, ...deployed, ...named, ...uses.apps.keys()])].sort();
  const [checked, sweptAt, zoomSkewSeconds, n8n, topic, bundles, keyProblems, rescueProblems, auditProblems] =
    await Promise.all([
      pMap(apps, (app) => checkApp(app, uses, deps), { concurrency: CONCURRENCY }),
      deps.store.sweptAt(),
      measureSkew(deps),
      n8nPolicyArn === undefined ? {} : checkPolicy(n8nPolicyArn, policyEntities),
      alertTopic?.(),
      bundleRooms(uses.places, deps),
      checkKeys(deps),
      checkRescue(rescue, deps.vault),
      audit && problemsOf([audit()]),
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
    rescueProblems,
    ...(auditProblems && { auditProblems }),
  };
}

async function checkApp(
  app: string,
  uses: FleetUses,
  { vault, zoom }: Pick<Dependencies, 'vault' | 'zoom'>,
): Promise<CheckedApp> {
  try {
    await verifyZoomApp(await vault.app(app, { fresh: true }), zoom).catch(withManualRetry);
    return { app };
  } catch (error) {
    const problem = toFailure(error);
    const isUnset = problem.code === 'app_not_deployed' || problem.code === 'secret_unusable';
    const use = uses.apps.get(app);
    if (!isUnset || use) return { app, problem, ...(use && problem.code === 'app_not_deployed' && { use }) };
    if (problem.code === 'app_not_deployed') return { app, problem: { ...problem, code: 'not_set_up' } };
    const action = `If you need it, run: npx zoom-tokens setup ${app}.`;
    return { app, problem: { ...problem, code: 'not_set_up', action } };
  }
}

/** Reads both keys without a cache: a warm function goes on for minutes with a key that the next one cannot read. */
const checkKeys = ({ vault }: Pick<Dependencies, 'vault'>): Promise<Problem[]> =>
  problemsOf([vault.sealingSeed('current'), vault.linkKey()]);

async function problemsOf(checks: Promise<unknown>[]): Promise<Problem[]> {
  const settled = await Promise.allSettled(checks);
  return settled.flatMap((each) => (each.status === 'rejected' ? toFailure(each.reason) : []));
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
