import type { ConnectionView, OperatorResults } from '../../../lambdas/operator-protocol.ts';
import { Failure, MAX_PROBES, type TokenProbe } from '../../../lambdas/operator-protocol.ts';
import type { Session } from '../../session.ts';
import { connectionFindings, isLive, overlapFindings, pushFindings, tokenFindings } from './connections.ts';
import { CHECKS, type CheckName, type Finding, failed, skipped } from './finding.ts';
import { appFindings, clockFindings, sweepFinding } from './installation.ts';
import { type Principal, policyFinding } from './policy.ts';
import { redirectFinding } from './redirect.ts';
import { foundStack, refusedStack } from './stack.ts';

export interface Examination {
  /** Of this checkout. */
  version: string;
  region: string | undefined;
  principal: Principal | undefined;
  /** Apps to look at besides those that the connections use. */
  apps: string[];
}

type Tell = (findings: Finding[]) => void;

const AFTER_STACK = Object.keys(CHECKS).slice(2) as CheckName[];

/** Looks at everything in order, and tells each finding as soon as there is one. */
export async function examine(
  session: Session,
  { version, region, principal, apps }: Examination,
  tell: Tell,
): Promise<void> {
  const { operator, output } = session;
  const askedAt = Date.now();
  const about = await tried(() => output.during('Asking the installation', () => operator.ask('about', {})));
  if (about instanceof Failure) {
    tell(refusedStack(about));
    tell(AFTER_STACK.map((check) => skipped(check, 'the installation cannot be asked.')));
    return;
  }
  // The function's clock is read about halfway between the request and the answer.
  const skew = Math.round(about.now - (askedAt + Date.now()) / 2000);
  tell(foundStack(about, version, region));

  const check = await tried(() =>
    output.during('Asking Zoom about the apps', () => operator.ask('check', apps.length > 0 ? { apps } : {})),
  );
  tell(check instanceof Failure ? [failed('apps', check)] : appFindings(check));
  tell([await output.during('Opening the redirect URL', () => redirectFinding(about.publicUrl))]);
  tell([
    check instanceof Failure
      ? skipped('sweep', 'it could not be asked for.')
      : sweepFinding(check, about.name),
  ]);

  const views = await examineConnections(session, tell);
  tell(policyAndClocks(check, views ?? [], { principal, skew, about }));
  if (views) tell([...overlapFindings(views), ...pushFindings(views)]);
}

/** The connections and their tokens; `undefined` where they cannot be asked for. */
async function examineConnections(
  { operator, output }: Session,
  tell: Tell,
): Promise<ConnectionView[] | undefined> {
  const status = await tried(() =>
    output.during('Asking for the connections', () => operator.ask('status', {})),
  );
  if (status instanceof Failure) {
    const rest = ['tokens', 'overlap', 'push'] as const;
    tell([
      failed('connections', status),
      ...rest.map((check) => skipped(check, 'the connections are not known.')),
    ]);
    return undefined;
  }
  const views: ConnectionView[] = status.connections;
  tell(connectionFindings(views, status.now));
  const live = views.filter(isLive).map(({ connection }) => connection);
  if (live.length === 0) return views;
  const probed: TokenProbe[] = [];
  for (let start = 0; start < live.length; start += MAX_PROBES) {
    const connections = live.slice(start, start + MAX_PROBES);
    const text = `Asking Zoom about the published tokens (${start} of ${live.length})`;
    const answer = await tried(() => output.during(text, () => operator.ask('probe', { connections })));
    if (answer instanceof Failure) {
      tell([...tokenFindings(probed, views), failed('tokens', answer)]);
      return views;
    }
    probed.push(...answer.probed);
  }
  tell(tokenFindings(probed, views));
  return views;
}

function policyAndClocks(
  check: OperatorResults['check'] | Failure,
  views: ConnectionView[],
  {
    principal,
    skew,
    about,
  }: { principal: Principal | undefined; skew: number; about: OperatorResults['about'] },
): Finding[] {
  if (check instanceof Failure) {
    return [skipped('policy', 'it could not be asked for.'), ...clockFindings(undefined, skew, about)];
  }
  return [policyFinding(check.n8n, principal, views), ...clockFindings(check, skew, about)];
}

/** The answer, or why there is none. What is no failure of ours ends the examination. */
async function tried<T>(work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
