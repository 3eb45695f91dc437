import pMap from 'p-map';
import { verifyZoomApp } from '../apis/verify-zoom-app.ts';
import { assertName } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, type FailureDetails, toFailure } from '../errors.ts';
import { CONCURRENCY } from '../sweep/sweep.ts';
import type { Installation } from './installation.ts';

type Problem = FailureDetails;

/** An app without a problem has credentials that Zoom accepts. `not_set_up` is no fault: nothing needs the app. */
interface CheckedApp {
  app: string;
  secretName: string;
  problem?: Problem;
}

export interface InstallationCheck {
  now: number;
  /** When the last sweep came to its end; absent before the first. */
  sweptAt?: number;
  sweepRateMinutes: number;
  apps: CheckedApp[];
  /** Zoom's clock less ours; absent when Zoom did not tell. */
  zoomSkewSeconds?: number;
  /** To whom n8n's policy is attached, such as `user/n8n`. Without a policy there is nothing to attach. */
  n8n: { policyArn?: string; principals?: string[]; problem?: Problem };
}

/** Asks IAM to which users, roles and groups a policy is attached: `user/n8n`. */
export type ListPolicyEntities = (policyArn: string) => Promise<string[]>;

/** Looks at what the connections rest on: the apps, the sweep, the clocks, n8n's policy. Changes nothing. */
export async function checkInstallation(
  named: string[],
  deps: Pick<Dependencies, 'store' | 'vault' | 'zoom' | 'now'>,
  { appSecretPrefix, sweepRateMinutes, n8nPolicyArn }: Installation,
  attachedTo: ListPolicyEntities,
): Promise<InstallationCheck> {
  for (const app of named) assertName('app', app);
  const items = await deps.store.list();
  const used = new Set(items.filter(({ status }) => status !== 'disconnected').map(({ app }) => app));
  const apps = [...new Set(['default', ...used, ...named])].sort();
  const [checked, sweptAt, zoomSkewSeconds, n8n] = await Promise.all([
    pMap(apps, (app) => checkApp(app, used.has(app), deps), { concurrency: CONCURRENCY }),
    deps.store.sweptAt(),
    skew(deps),
    n8nPolicyArn === undefined ? {} : checkPolicy(n8nPolicyArn, attachedTo),
  ]);
  return {
    now: deps.now(),
    ...(sweptAt !== undefined && { sweptAt }),
    sweepRateMinutes,
    apps: checked.map(({ app, problem }) => ({
      app,
      secretName: `${appSecretPrefix}${app}`,
      ...(problem && { problem }),
    })),
    ...(zoomSkewSeconds !== undefined && { zoomSkewSeconds }),
    n8n,
  };
}

async function checkApp(
  app: string,
  isUsed: boolean,
  { vault, zoom }: Pick<Dependencies, 'vault' | 'zoom'>,
): Promise<{ app: string; problem?: Problem }> {
  try {
    await verifyZoomApp(await vault.app(app, { fresh: true }), zoom).catch(later);
    return { app };
  } catch (error) {
    const problem = toFailure(error);
    if (problem.code !== 'secret_unusable' || isUsed) return { app, problem };
    return {
      app,
      problem: { ...problem, code: 'not_set_up', action: `Where it is wanted: zoom-tokens setup ${app}.` },
    };
  }
}

/** No sweep repeats this; a person does. */
function later(error: unknown): never {
  if (!(error instanceof Failure) || error.class !== 'retry') throw error;
  throw new Failure('retry', error.code, error.message, 'See status.zoom.us, and check again later.');
}

async function skew({ zoom, now }: Pick<Dependencies, 'zoom' | 'now'>): Promise<number | undefined> {
  const sentAt = now();
  const theirs = await zoom.time();
  // Their clock is read about halfway between the request and the answer.
  return theirs === undefined ? undefined : theirs - Math.round((sentAt + now()) / 2);
}

async function checkPolicy(
  policyArn: string,
  attachedTo: ListPolicyEntities,
): Promise<InstallationCheck['n8n']> {
  try {
    return { policyArn, principals: await attachedTo(policyArn) };
  } catch (error) {
    return { policyArn, problem: toFailure(error) };
  }
}
