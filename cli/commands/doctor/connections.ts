import type { ConnectionView, TokenProbe } from '../../../lambdas/operator-protocol.ts';
import { gap, type Remark, remarks } from '../../connection/remarks.ts';
import { EXIT } from '../../errors.ts';
import { type Finding, note, well, wrong } from './finding.ts';

/** More names than that say less. */
const NAMED = 10;

const named = (names: string[]) =>
  names.length <= NAMED
    ? names.join(', ')
    : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;
export const isLive = ({ status }: ConnectionView) => status !== 'disconnected';

export function connectionFindings(views: ConnectionView[], now: number): Finding[] {
  if (views.length === 0) {
    return [note('connections', 'There are no connections yet.', 'Make one: zoom-tokens connect main.')];
  }
  const told = views.flatMap((view) =>
    gravest(view, now).map(({ exit, message, action }) => {
      const text = `${view.connection}: ${message}`;
      return exit === EXIT.well ? note('connections', text, action) : wrong('connections', text, action);
    }),
  );
  const good = views.filter((view) => isLive(view) && gravest(view, now).length === 0);
  if (good.length === 0) return told;
  const names = named(good.map(({ connection }) => connection));
  return [well('connections', `Active, and well: ${names}.`), ...told];
}

/** What ails a connection that has stopped is one thing. */
function gravest(view: ConnectionView, now: number): Remark[] {
  // The push and the overlap are checks of their own.
  const { targets: _, ...itself } = view;
  const all = remarks({ ...itself, overlap: 'yes' }, now);
  return view.status === 'active' ? all : all.slice(0, 1);
}

export function tokenFindings(probed: TokenProbe[], views: ConnectionView[]): Finding[] {
  const status = new Map(views.map((view) => [view.connection, view.status]));
  const accepted = probed.filter((each) => each.accepted === 'yes');
  const told = probed.flatMap(({ connection, accepted: answer, message = '' }) => {
    if (answer === 'yes') return [];
    if (answer === 'unknown') {
      const text = `${connection}: whether Zoom accepts the token that n8n reads is not known. ${message}`;
      return [wrong('tokens', text, 'Check again in a few minutes.')];
    }
    const command = status.get(connection) === 'reconnect' ? 'connect' : 'rotate';
    const text = `${connection}: n8n has no token that works. ${message}`;
    return [wrong('tokens', text, `Get a new one: zoom-tokens ${command} ${connection}.`)];
  });
  if (accepted.length === 0) return told;
  const names = named(accepted.map(({ connection }) => connection));
  return [well('tokens', `Zoom accepts the published token of ${names}.`), ...told];
}

/** Where Zoom ends a token at each rotation, n8n holds a dead one until it reads again. */
export function overlapFindings(views: ConnectionView[]): Finding[] {
  const live = views.filter(isLive);
  const gaps = live.flatMap((view) =>
    gap(view).map(({ message, action }) => note('overlap', `${view.connection}: ${message}`, action)),
  );
  if (gaps.length > 0) return gaps;
  const unknown = live.filter(
    ({ grantType, overlap }) => grantType === 'authorization_code' && overlap === 'unknown',
  );
  if (unknown.length === 0) return [well('overlap', 'No rotation leaves n8n with a dead token.')];
  const names = named(unknown.map(({ connection }) => connection));
  return [note('overlap', `Not measured yet whether an earlier token outlives a rotation: ${names}.`)];
}

export function pushFindings(views: ConnectionView[]): Finding[] {
  const targets = views
    .filter(isLive)
    .flatMap(({ connection, version, targets = [] }) =>
      targets.map((target) => ({ connection, version, ...target })),
    );
  if (targets.length === 0) return [];
  const failing = targets.filter(({ failures }) => failures > 0);
  const told = failing.map(({ connection, instance, failures, lastError }) =>
    wrong(
      'push',
      `${connection}: the push to the n8n "${instance}" failed ${failures === 1 ? 'once' : `${failures} times`}. ${lastError?.message ?? ''}`.trim(),
      lastError?.action ?? 'Look at it: zoom-tokens status.',
    ),
  );
  if (failing.length > 0) return told;
  return [
    well(
      'push',
      `The push to n8n works: ${named(targets.map(({ connection, instance }) => `${connection} to ${instance}`))}.`,
    ),
  ];
}
