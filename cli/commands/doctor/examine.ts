import type { ConnectionView, CredentialProbe, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { Failure, MAX_PROBES, type TokenProbe } from '../../../lambdas/operator-protocol.ts';
import type { Session } from '../../session.ts';
import { alertFindings } from './alerts.ts';
import { bundleFindings } from './bundles.ts';
import { hasSecret, isConnected, overlapFindings, pushFindings, tokenFindings } from './connections.ts';
import { credentialFindings, hasCredentials } from './credentials.ts';
import { CHECKS, type CheckName, type Finding, failed, skipped } from './finding.ts';
import {
  appFindings,
  auditFindings,
  clockFindings,
  keyFindings,
  rescueFindings,
  sweepFinding,
} from './installation.ts';
import { type Principal, policyFinding, readerFindings } from './policy.ts';
import { readConnections } from './read-connections.ts';
import { redirectFinding } from './redirect.ts';
import { stackFindings, unreachableStackFindings } from './stack.ts';

export interface Examination {
  /** Version of this checkout. */
  version: string;
  region: string | undefined;
  principal: Principal | undefined;
  /** Apps to check in addition to those that the connections use. */
  apps: string[];
}

type Report = (findings: Finding[]) => void;

const CHECKS_AFTER_STACK = Object.keys(CHECKS).slice(2) as CheckName[];

/** Runs the checks in order and reports each finding immediately. */
export async function examine(
  session: Session,
  { version, region, principal, apps }: Examination,
  report: Report,
): Promise<void> {
  const { operator, output } = session;
  const requestedAt = Date.now();
  const about = await resultOrFailure(() =>
    output.withSpinner('Requesting the installation', () => operator.request('about', {})),
  );
  if (about instanceof Failure) {
    report(unreachableStackFindings(about));
    report(CHECKS_AFTER_STACK.map((check) => skipped(check, 'the operator function gave no result.')));
    return;
  }
  // The function reads its clock about halfway between the request and the response.
  const skew = Math.round(about.now - (requestedAt + Date.now()) / 2000);
  report(stackFindings(about, version, region));

  const check = await resultOrFailure(() =>
    output.withSpinner('Checking the apps at Zoom', () =>
      operator.request('check', apps.length > 0 ? { apps } : {}),
    ),
  );
  report(check instanceof Failure ? [failed('apps', check)] : appFindings(check));
  report([await output.withSpinner('Opening the redirect URL', () => redirectFinding(about.publicUrl))]);
  report([check instanceof Failure ? skipped('sweep', NO_CHECK) : sweepFinding(check, about.name)]);
  report(check instanceof Failure ? [skipped('keys', NO_CHECK)] : keyFindings(check));
  report(
    check instanceof Failure
      ? [skipped('rescue', NO_CHECK), skipped('audit', NO_CHECK)]
      : [...rescueFindings(check), ...auditFindings(check)],
  );
  report(check instanceof Failure ? [skipped('alerts', NO_CHECK)] : alertFindings(check));

  const views = await examineConnections(session, report);
  report(check instanceof Failure ? [skipped('bundles', NO_CHECK)] : bundleFindings(check.bundles ?? []));
  report([
    check instanceof Failure ? skipped('policy', NO_CHECK) : policyFinding(check.n8n, principal, views ?? []),
    ...readerFindings(views ?? [], about.readers),
    ...clockFindings(check instanceof Failure ? undefined : check, skew, about),
  ]);
  if (views) {
    report([...overlapFindings(views), ...pushFindings(views)]);
    report(await examineCredentials(views, session));
  }
}

const NO_CHECK = 'the operator function could not check it.';

/** Reports the connections and their tokens. Returns those that were examined; `undefined` when none could be read. */
async function examineConnections(session: Session, report: Report): Promise<ConnectionView[] | undefined> {
  const views = await resultOrFailure(() => readConnections(session, report));
  if (views instanceof Failure) {
    const dependentChecks = ['tokens', 'overlap', 'push'] as const;
    report([
      failed('connections', views),
      ...dependentChecks.map((check) => skipped(check, 'the connections are not known.')),
    ]);
    return undefined;
  }
  report(await examineTokens(views, session));
  return views;
}

/** Probes the published tokens in batches, because one request takes at most `MAX_PROBES` connections. */
async function examineTokens(views: ConnectionView[], { operator, output }: Session): Promise<Finding[]> {
  const names = views.filter(hasSecret).map(({ connection }) => connection);
  const probes: TokenProbe[] = [];
  for (let start = 0; start < names.length; start += MAX_PROBES) {
    const connections = names.slice(start, start + MAX_PROBES);
    const progress = `Testing the published tokens at Zoom (${start} of ${names.length})`;
    const result: OperatorResults['probe'] | Failure = await resultOrFailure(() =>
      output.withSpinner(progress, () => operator.request('probe', { connections })),
    );
    if (result instanceof Failure) return [...tokenFindings(probes, views), failed('tokens', result)];
    probes.push(...result.probed);
  }
  return tokenFindings(probes, views);
}

/** Lets n8n test its credentials, in batches of connections as the tokens are probed. */
async function examineCredentials(
  views: ConnectionView[],
  { operator, output }: Session,
): Promise<Finding[]> {
  const names = views
    .filter((view) => isConnected(view) && hasCredentials(view))
    .map(({ connection }) => connection);
  const tested: CredentialProbe[] = [];
  for (let start = 0; start < names.length; start += MAX_PROBES) {
    const connections = names.slice(start, start + MAX_PROBES);
    const progress = `Letting n8n test its credentials (${start} of ${names.length})`;
    const result: OperatorResults['n8n-test'] | Failure = await resultOrFailure(() =>
      output.withSpinner(progress, () => operator.request('n8n-test', { connections })),
    );
    if (result instanceof Failure) return [...credentialFindings(tested), failed('push', result)];
    tested.push(...result.tested);
  }
  return credentialFindings(tested);
}

/** Returns the result, or the failure when the work throws one. Rethrows every other error. */
async function resultOrFailure<T>(work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
