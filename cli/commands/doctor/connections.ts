import type { ConnectionView, TokenProbe, UnreadableItem } from '../../../lambdas/operator-protocol.ts';
import { overlapRemarks, type Remark, remarks, unreadableRemark } from '../../connection/remarks.ts';
import { FIRST_CONNECTION, NO_CONNECTIONS } from '../../connection/text.ts';
import { EXIT } from '../../errors.ts';
import { type Finding, note, well, wrong } from './finding.ts';

/** A longer list of names is cut to this many. */
const MAX_NAMES = 10;

export const joinNames = (names: string[]) =>
  names.length <= MAX_NAMES
    ? names.join(', ')
    : `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more`;

export const isConnected = ({ status }: ConnectionView) => status !== 'disconnected';

/** Returns whether n8n reads the connection in a secret. One that is only pushed has none. */
export const hasSecret = (view: ConnectionView) => isConnected(view) && view.place !== 'none';

/** Returns the problems of the connections' states and rotations. @param now epoch seconds */
export function connectionFindings(views: ConnectionView[], now: number): Finding[] {
  if (views.length === 0) return [note('connections', NO_CONNECTIONS, FIRST_CONNECTION)];
  const problems = views.flatMap((view) =>
    ownRemarks(view, now).map(({ exitStatus, message, action }) => {
      const text = `${view.connection}: ${message}`;
      return exitStatus === EXIT.ok ? note('connections', text, action) : wrong('connections', text, action);
    }),
  );
  const healthy = views.filter((view) => isConnected(view) && ownRemarks(view, now).length === 0);
  if (healthy.length === 0) return problems;
  const names = joinNames(healthy.map(({ connection }) => connection));
  return [well('connections', `Active without problems: ${names}.`), ...problems];
}

/** Returns the remarks without those of the push, of n8n's tests and of the overlap, which are checks of their own. */
function ownRemarks(view: ConnectionView, now: number): Remark[] {
  const { targets = [], externalCredentials: _, ...itself } = view;
  const working = targets.map(({ tested: __, ...target }) => ({ ...target, failures: 0 }));
  const all = remarks({ ...itself, targets: working, overlap: 'yes' }, now);
  // The other remarks of a connection that has stopped are consequences of the first.
  return view.status === 'active' ? all : all.slice(0, 1);
}

/** Returns the items that the functions cannot read. */
export const unreadableFindings = (items: UnreadableItem[]): Finding[] =>
  items.map((item) => {
    const { message, action } = unreadableRemark(item);
    return wrong('connections', `${item.connection}: ${message}`, action);
  });

/** Returns whether Zoom accepts each published token. */
export function tokenFindings(probes: TokenProbe[], views: ConnectionView[]): Finding[] {
  const statuses = new Map(views.map((view) => [view.connection, view.status]));
  const problems = probes.flatMap(({ connection, accepted, message = '' }) => {
    if (accepted === 'yes') return [];
    if (accepted === 'unknown') {
      const text = `${connection}: the token that n8n reads could not be tested at Zoom. ${message}`;
      return [wrong('tokens', text, 'Check again in a few minutes.')];
    }
    const command = statuses.get(connection) === 'reconnect' ? 'connect' : 'rotate';
    const text = `${connection}: n8n has no valid token. ${message}`;
    return [wrong('tokens', text, `Get a new token: npx zoom-tokens ${command} ${connection}`)];
  });
  const acceptedProbes = probes.filter(({ accepted }) => accepted === 'yes');
  if (acceptedProbes.length === 0) return problems;
  const names = joinNames(acceptedProbes.map(({ connection }) => connection));
  return [well('tokens', `Zoom accepts the published token of ${names}.`), ...problems];
}

/** Returns the connections whose rotation leaves n8n with a revoked token until its next poll. */
export function overlapFindings(views: ConnectionView[]): Finding[] {
  const connected = views.filter(isConnected);
  const gaps = connected.flatMap((view) =>
    overlapRemarks(view).map(({ message, action }) =>
      note('overlap', `${view.connection}: ${message}`, action),
    ),
  );
  if (gaps.length > 0) return gaps;
  const unmeasured = connected.filter(
    ({ grantType, overlap, place }) =>
      grantType === 'authorization_code' && overlap === 'unknown' && place !== 'none',
  );
  if (unmeasured.length === 0) return [well('overlap', 'No rotation leaves n8n with a revoked token.')];
  const names = joinNames(unmeasured.map(({ connection }) => connection));
  return [note('overlap', `Not measured yet whether a rotation revokes the earlier token: ${names}.`)];
}

/** Returns whether the push to each n8n instance works; nothing when there is no push. */
export function pushFindings(views: ConnectionView[]): Finding[] {
  const pushes = views
    .filter(isConnected)
    .flatMap(({ connection, targets = [] }) => targets.map((target) => ({ connection, ...target })));
  if (pushes.length === 0) return [];
  const problems = pushes
    .filter(({ failures }) => failures > 0)
    .map(({ connection, instance, failures, lastError }) =>
      wrong(
        'push',
        `${connection}: the push to the n8n instance "${instance}" failed ${failures === 1 ? 'once' : `${failures} times`}. ${lastError?.message ?? ''}`.trim(),
        lastError?.action ?? `Show the details: npx zoom-tokens status ${connection}`,
      ),
    );
  if (problems.length > 0) return problems;
  const names = joinNames(pushes.map(({ connection, instance }) => `${connection} to ${instance}`));
  return [well('push', `The push to n8n works: ${names}.`)];
}
