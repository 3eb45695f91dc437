import type { ConnectionView, FleetCounts, FleetState } from '../../../lambdas/operator-protocol.ts';
import { fleetState, needsAttention } from '../../../lambdas/operator-protocol.ts';
import { alertTopicRemarks } from '../../connection/alert-topic.ts';
import { bundleRemarks } from '../../connection/bundle-remarks.ts';
import { underWay } from '../../connection/key-rotation.ts';
import type { StatusPage } from '../../connection/list-connections.ts';
import { formatOpenLinks } from '../../connection/open-links.ts';
import { type OverviewTable, overviewTable } from '../../connection/overview-table.ts';
import { exitStatusOf, remarks, unreadableRemark } from '../../connection/remarks.ts';
import { sameUserWarnings } from '../../connection/same-user-warning.ts';
import { formatCount, formatSummary, totalOf } from '../../connection/summary.ts';
import { FIRST_CONNECTION, formatRemark, NO_CONNECTIONS } from '../../connection/text.ts';
import { EXIT } from '../../errors.ts';
import { clockNote } from '../../terminal/time.ts';

/** Remarks below a table are cut to this many connections. */
const MAX_REMARKED = 20;
/** Rows that a list shows in any case, however low the terminal is. */
const MIN_ROWS = 5;

/** The size of the terminal; absent in a pipe. */
export interface Size {
  columns?: number | undefined;
  /** Lines that the list should not exceed. */
  rows?: number | undefined;
}

/**
 * Returns a page of connections as text: the counts, a table, and what is wrong with them. Where a height is given, rows
 * of connections that are well are left out to fit.
 * @param format wraps a text as it is printed
 */
export function formatList(
  page: StatusPage,
  { columns, rows }: Size,
  format: (text: string) => string = (text) => text,
): string {
  const { connections, now, counts, unreadable = [] } = page;
  const notes = notesOf(page);
  if (connections.length === 0 && unreadable.length > 0) return notes.join('\n\n');
  if (connections.length === 0) return [emptyText(page), ...notes].join('\n\n');
  const heightOf = (text = '') => format(text).split('\n').length;
  const frame = [counts && formatSummary(counts), moreText(counts, 0, page), notes.join('\n\n')];
  const height = frame.reduce((sum, text) => sum + heightOf(text), FRAME_ROWS);
  const shown = rows === undefined ? connections : fitting(connections, now, rows - height);
  const table = overviewTable(connections, now, columns);
  const parts = [
    counts && formatSummary(counts),
    [table.head, ...shown.map(table.row)].join('\n'),
    moreText(counts, shown.length, page),
    ...notes,
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

/** Lines around the rows besides the texts: the table's head, the empty lines, the next prompt. */
const FRAME_ROWS = 5;

function fitting(views: ConnectionView[], now: number, height: number): ConnectionView[] {
  const troubled = views.filter((view) => needsAttention(fleetState(view, now))).length;
  return views.slice(0, Math.max(MIN_ROWS, troubled, height));
}

/** Returns what a list without any connection says. */
export function emptyText({ counts, isFiltered = false }: StatusPage): string {
  if (counts && totalOf(counts) > 0)
    return `${formatSummary(counts)}\n\nNone is in the state that was asked for.`;
  if (isFiltered) return 'No connection matches what --app or --search asks for.';
  return `${NO_CONNECTIONS} ${FIRST_CONNECTION}`;
}

function moreText(
  counts: FleetCounts | undefined,
  shown: number,
  { connections, next }: StatusPage,
): string | undefined {
  if (next === undefined && shown === connections.length) return undefined;
  const rest = counts ? ` of ${formatCount(totalOf(counts))}` : '';
  return `Shown: ${shown}${rest}. Show all with --all, or fewer with --state, --app or --search.`;
}

/** Returns what is wrong on a page: with its connections, with damaged items, and with the alerts. */
export const notesOf = ({
  connections,
  now,
  unreadable = [],
  alertTopic,
  links = [],
  bundles = [],
  keyRotation,
}: StatusPage): string[] => [
  ...(links.length > 0 ? [formatOpenLinks(links, now)] : []),
  ...(keyRotation ? [underWay(keyRotation, now)] : []),
  ...connectionNotes(connections, now),
  ...sameUserWarnings(connections),
  ...unreadable.map((item) => formatRemark(unreadableRemark(item), `${item.connection}: unreadable. `)),
  ...bundleRemarks(bundles).map((remark) => formatRemark(remark)),
  ...alertTopicRemarks(alertTopic).map((remark) => formatRemark(remark)),
  ...(connections.length + links.length > 0 ? clockNote(now) : []),
];

function connectionNotes(views: ConnectionView[], now: number): string[] {
  const remarked = views
    .map((view) => ({ view, own: remarks(view, now) }))
    .filter(({ own }) => own.length > 0);
  const notes = remarked
    .slice(0, MAX_REMARKED)
    .flatMap(({ view, own }) => own.map((remark) => formatRemark(remark, `${view.connection}: `)));
  const more = remarked.length - MAX_REMARKED;
  return more > 0
    ? [...notes, `${more} more have a remark. Show one with: npx zoom-tokens status <connection>`]
    : notes;
}

/** Returns a function that turns each page of a list into rows, with the columns of the first page. */
export function tableInParts(columns: number | undefined): (page: StatusPage) => string {
  let table: OverviewTable | undefined;
  return ({ connections, now, counts }) => {
    const isFirst = table === undefined;
    table ??= overviewTable(connections, now, columns);
    const rows = connections.map(table.row);
    if (!isFirst) return rows.join('\n');
    return [...(counts ? [formatSummary(counts), ''] : []), table.head, ...rows].join('\n');
  };
}

/** Returns the exit status for a page: what is shown, and what the counts say of the states that were asked for. */
export function exitStatusOfPage(
  { connections, now, counts, unreadable = [] }: StatusPage,
  states: readonly FleetState[] | undefined,
): number {
  const has = (state: FleetState) => (states?.includes(state) ?? true) && (counts?.[state] ?? 0) > 0;
  const statuses = new Set([
    exitStatusOf(connections, now),
    ...(has('reconnect') ? [EXIT.reconnect] : []),
    ...(has('misconfigured') || unreadable.length > 0 ? [EXIT.misconfigured] : []),
    ...(has('expired') || has('failing') ? [EXIT.failed] : []),
  ]);
  return mostSevere(statuses);
}

/** Returns the exit status that outranks the others. */
export const mostSevere = (statuses: Iterable<number>): number =>
  [EXIT.reconnect, EXIT.misconfigured, EXIT.failed].find((status) => new Set(statuses).has(status)) ??
  EXIT.ok;
