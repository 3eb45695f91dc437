import { stripVTControlCharacters } from 'node:util';
import type { ConnectionView } from '../../lambdas/operator-protocol.ts';
import { EXIT } from '../errors.ts';
import { paint } from '../terminal/output.ts';
import { list, table } from '../terminal/table.ts';
import { day, span, wallTime } from '../terminal/time.ts';
import { type Remark, remarks } from './remarks.ts';
import { sameUserWarnings } from './same-user-warning.ts';
import { scopeWarning } from './scope-warning.ts';

const NONE = '–';
const GAP = 2;
/** Below this a name is harder to read than a long line. */
const NARROWEST_NAME = 10;

const HEAD = ['Connection', 'App', 'Grant', 'State', 'Valid', 'Rotated', 'Next', 'Consent'];

/**
 * Every connection, one a row, and beneath what a person should know.
 * @param columns of the terminal; names are broken where they do not fit
 */
export function overview(views: ConnectionView[], now: number, columns = Number.POSITIVE_INFINITY): string {
  if (views.length === 0) return 'There are no connections yet. Make one: zoom-tokens connect main.';
  const rows = views.map((view) => [
    view.connection,
    view.app,
    grant(view),
    state(view),
    validity(view, now),
    span(now - view.rotatedAt),
    next(view, now),
    isUser(view) ? span(now - view.consentedAt) : NONE,
  ]);
  const lines = views.flatMap((view) =>
    remarks(view, now).map((remark) => line(remark, `${view.connection}: `)),
  );
  return [table(HEAD, rows, [nameWidth(rows, columns)]), ...lines, ...sameUserWarnings(views)].join('\n\n');
}

/** All about one connection. */
export function details(view: ConnectionView, now: number): string {
  const ago = (at: number) => `${span(now - at)} ago`;
  const rows: [string, string][] = [
    ['Connection', view.connection],
    ['App', view.app],
    ['Grant', isUser(view) ? 'authorization_code: a user app' : 'account_credentials: Server-to-Server'],
    ['State', state(view)],
    [
      'Valid',
      view.validUntil > now
        ? `${validity(view, now)}, until ${wallTime(view.validUntil)}`
        : validity(view, now),
    ],
    ['Rotated', `${ago(view.rotatedAt)}, version ${view.version}`],
    ['Next rotation', next(view, now)],
    ['Connected', `${ago(view.consentedAt)}, ${day(view.consentedAt)}`],
  ];
  if (isUser(view)) {
    rows.push(['Refresh token', `${span(now - view.rotatedAt)} old; Zoom ends one after 90 days`]);
    rows.push(['Overlap', OVERLAP[view.overlap]]);
    if (view.zoomUserId) rows.push(['Zoom user', view.zoomUserId]);
  }
  if (view.zoomAccountId) rows.push(['Zoom account', view.zoomAccountId]);
  rows.push(['Secret', view.secretName], ['In n8n', view.expression]);
  for (const { instance, credentialId, pushedVersion } of view.targets ?? []) {
    const state = pushedVersion === view.version ? 'has this version' : `has version ${pushedVersion}`;
    rows.push(['Pushed to', `n8n "${instance}", credential ${credentialId}, which ${state}`]);
  }
  return [list(rows), ...remarks(view, now).map((remark) => line(remark)), ...scopeWarning(view)].join(
    '\n\n',
  );
}

/** A remark with its mark: a cross where somebody has to act. */
export function line({ exit, message, action }: Remark, prefix = ''): string {
  return `${exit === EXIT.well ? paint('yellow', '!') : paint('red', '✖')} ${prefix}${message}\n  ${action}`;
}

const OVERLAP: Record<ConnectionView['overlap'], string> = {
  yes: 'an earlier access token outlives a rotation',
  no: 'an earlier access token dies at a rotation',
  unknown: 'not known yet whether an earlier access token outlives a rotation',
};

const isUser = ({ grantType }: ConnectionView) => grantType === 'authorization_code';
const grant = (view: ConnectionView) => (isUser(view) ? 'user' : 's2s');

const STATE_COLOUR = {
  active: 'green',
  reconnect: 'red',
  misconfigured: 'red',
  disconnected: 'gray',
} as const;

const state = ({ status }: ConnectionView) => paint(STATE_COLOUR[status], status);

/** As the alarm _validity low_ counts. */
const LOW_SECONDS = 10 * 60;

function validity({ status, validUntil }: ConnectionView, now: number): string {
  if (validUntil === 0 || status === 'disconnected') return NONE;
  const left = validUntil - now;
  if (left <= 0) return paint('red', 'ended');
  return paint(left < LOW_SECONDS ? 'yellow' : 'green', span(left));
}

function next({ status, dueAt }: ConnectionView, now: number): string {
  if (status === 'reconnect' || status === 'disconnected') return NONE;
  return dueAt <= now ? 'now' : span(dueAt - now);
}

function nameWidth(rows: string[][], columns: number): number | null {
  const width = (column: number) =>
    Math.max(...[HEAD, ...rows].map((row) => stripVTControlCharacters(row[column] ?? '').length));
  const others = HEAD.slice(1).reduce((sum, _, index) => sum + width(index + 1) + GAP, 0);
  return others + width(0) <= columns ? null : Math.max(NARROWEST_NAME, columns - others);
}
