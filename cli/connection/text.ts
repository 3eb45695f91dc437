import { stripVTControlCharacters } from 'node:util';
import type { ConnectionView, CredentialTest } from '../../lambdas/operator-protocol.ts';
import { readerView, stateText } from '../../lambdas/operator-protocol.ts';
import { EXIT } from '../errors.ts';
import { paint } from '../terminal/output.ts';
import { formatList, formatTable } from '../terminal/table.ts';
import { formatDate, formatDuration, formatTime } from '../terminal/time.ts';
import { REFRESH_TOKEN_DAYS, type Remark, remarks } from './remarks.ts';
import { sameUserWarnings } from './same-user-warning.ts';
import { scopeWarning } from './scope-warning.ts';

export const NO_CONNECTIONS = 'There are no connections yet.';
export const FIRST_CONNECTION = 'Create one: npx zoom-tokens connect main';

const NONE = '–';
const COLUMN_GAP = 2;
/** Characters. A narrower column makes names harder to read than a line that wraps. */
const MIN_NAME_WIDTH = 10;

const HEAD = ['Connection', 'App', 'Grant', 'State', 'Valid', 'Rotated', 'Next', 'Consent'];

/**
 * Returns a table of all connections, followed by their remarks.
 * @param now epoch seconds, by the installation's clock
 * @param columns width of the terminal in characters; longer names are broken to fit
 */
export function formatOverview(
  views: ConnectionView[],
  now: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  if (views.length === 0) return `${NO_CONNECTIONS} ${FIRST_CONNECTION}`;
  const rows = views.map((view) => [
    view.connection,
    view.app,
    isUser(view) ? 'user' : 's2s',
    formatState(view, now),
    formatValidity(view, now),
    formatDuration(now - view.rotatedAt),
    formatNextRotation(view, now),
    isUser(view) ? formatDuration(now - view.consentedAt) : NONE,
  ]);
  const lines = views.flatMap((view) =>
    remarks(view, now).map((remark) => formatRemark(remark, `${view.connection}: `)),
  );
  return [formatTable(HEAD, rows, [nameWidth(rows, columns)]), ...lines, ...sameUserWarnings(views)].join(
    '\n\n',
  );
}

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
  if (isUser(view)) {
    const age = formatDuration(now - view.rotatedAt);
    rows.push(['Refresh token', `${age} old; expires after ${REFRESH_TOKEN_DAYS} days`]);
    rows.push(['Overlap', OVERLAP[view.overlap]]);
    if (view.zoomUserId) rows.push(['Zoom user', view.zoomUserId]);
  }
  if (view.zoomAccountId) rows.push(['Zoom account', view.zoomAccountId]);
  rows.push(['Secret', view.secretName], ['In n8n', view.expression]);
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

const isUser = ({ grantType }: ConnectionView) => grantType === 'authorization_code';

const STATE_COLOR: Record<string, 'green' | 'yellow' | 'gray'> = {
  active: 'green',
  suspect: 'yellow',
  disconnected: 'gray',
};

function formatState(view: ConnectionView, now: number): string {
  const state = stateText(view, now);
  return paint(STATE_COLOR[state] ?? 'red', state);
}

/** Seconds. The same threshold as that of the alarm _validity low_. */
const LOW_VALIDITY_SECONDS = 10 * 60;

function formatValidity(view: ConnectionView, now: number): string {
  const reader = readerView(view, now);
  if (reader.n8nHolds === 'nothing') return NONE;
  if (reader.n8nHolds === 'expired') return paint('red', 'expired');
  const remaining = reader.until - now;
  return paint(remaining < LOW_VALIDITY_SECONDS ? 'yellow' : 'green', formatDuration(remaining));
}

function formatValidityInDetail(view: ConnectionView, now: number): string {
  const reader = readerView(view, now);
  const validity = formatValidity(view, now);
  if (reader.n8nHolds === 'nothing') return validity;
  return reader.n8nHolds === 'valid'
    ? `${validity}, until ${formatTime(reader.until)}`
    : `${validity}, since ${formatTime(reader.since)}`;
}

function formatNextRotation({ status, dueAt }: ConnectionView, now: number): string {
  if (status === 'reconnect' || status === 'disconnected') return NONE;
  return dueAt <= now ? 'now' : formatDuration(dueAt - now);
}

/** Returns the width of the first column when the table is wider than the terminal, and otherwise `null`. */
function nameWidth(rows: string[][], columns: number): number | null {
  const width = (column: number) =>
    Math.max(...[HEAD, ...rows].map((row) => stripVTControlCharacters(row[column] ?? '').length));
  const otherColumns = HEAD.slice(1).reduce((sum, _, index) => sum + width(index + 1) + COLUMN_GAP, 0);
  return otherColumns + width(0) <= columns ? null : Math.max(MIN_NAME_WIDTH, columns - otherColumns);
}
