import pMap from 'p-map';
import { DEFAULT_APP } from '../../contract.ts';
import { verifyZoomApp } from '../apis/verify-zoom-app.ts';
import { assertName, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureDetails, toFailure } from '../errors.ts';
import { CONCURRENCY } from '../sweep/sweep.ts';
import type { AlertTopic } from './alert-topic.ts';
import type { Installation } from './installation.ts';

type Problem = FailureDetails;

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
 * Checks what the connections depend on: the apps, the sweep, the clocks, n8n's policy and the topic of the alerts. Changes nothing.
 * @param named apps to check besides `default` and those of the connections
 * @throws {Failure} `rejected` (`invalid_name`)
 */
export async function checkInstallation(
  named: string[],
  deps: Pick<Dependencies, 'store' | 'vault' | 'zoom' | 'now'>,
  { sweepRateMinutes, n8nPolicyArn }: Installation,
  { policyEntities, alertTopic }: Outside,
): Promise<InstallationCheck> {
  for (const app of named) assertName('app', app);
  const items = await deps.store.list();
  const used = new Set(items.filter((item) => !isDisconnected(item)).map(({ app }) => app));
  const apps = [...new Set([DEFAULT_APP, ...used, ...named])].sort();
  const [checked, sweptAt, zoomSkewSeconds, n8n, topic] = await Promise.all([
    pMap(apps, (app) => checkApp(app, used.has(app), deps), { concurrency: CONCURRENCY }),
    deps.store.sweptAt(),
    measureSkew(deps),
    n8nPolicyArn === undefined ? {} : checkPolicy(n8nPolicyArn, policyEntities),
    alertTopic?.(),
  ]);
  return {
    now: deps.now(),
    ...(sweptAt !== undefined && { sweptAt }),
    sweepRateMinutes,
    apps: checked,
    ...(zoomSkewSeconds !== undefined && { zoomSkewSeconds }),
    n8n,
    ...(topic && { alertTopic: topic }),
  };
}

async function checkApp(
  app: string,
  isUsed: boolean,
  { vault, zoom }: Pick<Dependencies, 'vault' | 'zoom'>,
): Promise<CheckedApp> {
  try {
    await verifyZoomApp(await vault.app(app, { fresh: true }), zoom).catch(withManualRetry);
    return { app };
  } catch (error) {
    const problem = toFailure(error);
    if (isUsed) return { app, problem };
    if (problem.code === 'app_not_deployed') return { app, problem: { ...problem, code: 'not_set_up' } };
    if (problem.code !== 'secret_unusable') return { app, problem };
    const action = `If you need it, run: zoom-tokens setup ${app}.`;
    return { app, problem: { ...problem, code: 'not_set_up', action } };
  }
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
