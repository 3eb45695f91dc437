import type { ConnectionView, CredentialTest } from '../../lambdas/operator-protocol.ts';
import { isUnlinked, nextRotation, readerView, stateText } from '../../lambdas/operator-protocol.ts';
import { EXIT } from '../errors.ts';
import { paint } from '../terminal/output.ts';
import { formatList } from '../terminal/table.ts';
import { formatDate, formatDuration, formatTime } from '../terminal/time.ts';
import { oldPlaceText } from './old-place-text.ts';
import { REFRESH_TOKEN_DAYS, type Remark, remarks } from './remarks.ts';
import { scopeWarning } from './scope-warning.ts';

export const NO_CONNECTIONS = 'There are no connections yet.';
export const FIRST_CONNECTION = 'Create one: npx zoom-tokens connect main';

export const NONE = '–';
/** Returns everything about one connection. @param now epoch seconds, by the installation's clock */
export function formatDetails(view: ConnectionView, now: number): string {
  const ago = (timestamp: number) => `${formatDuration(now - timestamp)} ago`;
  const rows: [string, string][] = [
    ['Connection', view.connection],
    ['App', view.app],
    ['Grant', isUser(view) ? 'authorization_code: a user app' : 'account_credentials: Server-to-Server'],
    ['State', formatState(view, now)],
    ['Valid', formatValidityInDetail(view, now)],
    ['Rotated', `${ago(view.rotatedAt)}, version ${view.version}`],
    ['Next rotation', formatNextRotation(view, now)],
    ...(view.failures > 0 ? [['Failed attempts', `${view.failures} in a row`] as [string, string]] : []),
    ['Connected', `${ago(view.consentedAt)}, ${formatDate(view.consentedAt)}`],
  ];
  // The tokens of a disconnected one are erased.
  if (isUser(view) && view.status !== 'disconnected') {
    const age = formatDuration(now - view.rotatedAt);
    rows.push(['Refresh token', `${age} old; expires after ${REFRESH_TOKEN_DAYS} days`]);
    rows.push(['Overlap', OVERLAP[view.overlap]]);
  }
  if (isUser(view) && view.zoomUserId) rows.push(['Zoom user', view.zoomUserId]);
  if (view.zoomAccountId) rows.push(['Zoom account', view.zoomAccountId]);
  // Nothing is published of a disconnected one.
  if (view.status !== 'disconnected') rows.push(...placeRows(view, now));
  for (const { instance, credentialId, pushedVersion, tested } of view.targets ?? []) {
    const version = pushedVersion === view.version ? 'has this version' : `has version ${pushedVersion}`;
    rows.push(['Pushed to', `n8n "${instance}", credential ${credentialId}, which ${version}`]);
    if (tested) rows.push(['Tested by n8n', formatTest(tested, ago)]);
  }
  for (const { instance, credentialId, tested } of view.externalCredentials ?? []) {
    rows.push(['Read by', `n8n "${instance}", credential ${credentialId}`]);
    if (tested) rows.push(['Tested by n8n', formatTest(tested, ago)]);
  }
  return [
    formatList(rows),
    ...remarks(view, now).map((remark) => formatRemark(remark)),
    ...scopeWarning(view),
  ].join('\n\n');
}

function formatTest({ at, ok }: CredentialTest, ago: (timestamp: number) => string): string {
  return ok ? `${ago(at)}: it can use the token` : `${ago(at)}: failed`;
}

/** Returns a remark with its mark: `✖` for a problem, `!` for a warning. */
export function formatRemark({ exitStatus, message, action }: Remark, prefix = ''): string {
  const mark = exitStatus === EXIT.ok ? paint('yellow', '!') : paint('red', '✖');
  return `${mark} ${prefix}${message}\n  ${action}`;
}

const OVERLAP: Record<ConnectionView['overlap'], string> = {
  yes: 'the earlier access token stays valid after a rotation',
  no: 'a rotation revokes the earlier access token',
  unknown: 'not measured yet: whether a rotation revokes the earlier access token',
};

export const isUser = ({ grantType }: ConnectionView) => grantType === 'authorization_code';

const STATE_COLOR: Record<string, 'green' | 'yellow' | 'gray'> = {
  active: 'green',
  suspect: 'yellow',
  disconnected: 'gray',
};

export function formatState(view: ConnectionView, now: number): string {
  const state = stateText(view, now);
  return paint(STATE_COLOR[state] ?? 'red', state);
}

/** Seconds. The same threshold as that of the alarm _validity low_. */
const LOW_VALIDITY_SECONDS = 10 * 60;

export function formatValidity(view: ConnectionView, now: number): string {
  const reader = readerView(view, now);
  if (reader.n8nHolds === 'nothing' || isUnlinked(view)) return NONE;
  if (reader.n8nHolds === 'expired') return paint('red', 'expired');
  const remaining = reader.until - now;
  return paint(remaining < LOW_VALIDITY_SECONDS ? 'yellow' : 'green', formatDuration(remaining));
}

function formatValidityInDetail(view: ConnectionView, now: number): string {
  const reader = readerView(view, now);
  const validity = formatValidity(view, now);
  if (reader.n8nHolds === 'nothing' || isUnlinked(view)) return validity;
  return reader.n8nHolds === 'valid'
    ? `${validity}, until ${formatTime(reader.until, now)}`
    : `${validity}, since ${formatTime(reader.since, now)}`;
}

export function formatNextRotation(view: ConnectionView, now: number): string {
  if (view.status === 'reconnect' || view.status === 'disconnected') return NONE;
  const at = nextRotation(view);
  return at <= now ? 'now' : formatDuration(at - now);
}

/** Returns where n8n reads the connection, and until when it also reads an earlier place. */
function placeRows(
  { secretName, expression, oldPlaces = [], noRoomIn }: ConnectionView,
  now: number,
): [string, string][] {
  const rows: [string, string][] =
    secretName === undefined || expression === undefined
      ? [['Secret', 'none: its token is only pushed to n8n']]
      : [
          ['Secret', secretName],
          ['In n8n', expression],
        ];
  if (noRoomIn !== undefined) rows.push(['Bundle', `"${noRoomIn}" had no room for it`]);
  for (const old of oldPlaces) rows.push(['Old place', oldPlaceText(old, now)]);
  return rows;
}
