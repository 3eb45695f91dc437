import { stripVTControlCharacters } from 'node:util';
import type { ConnectionView } from '../../lambdas/operator-protocol.ts';
import { formatDuration } from '../terminal/time.ts';
import { formatNextRotation, formatState, formatValidity, isUser, NONE } from './text.ts';

interface Column {
  title: string;
  cell(view: ConnectionView, now: number): string;
  /** Columns with the highest number are left out first where the terminal is narrow. */
  dispensable: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'Connection', cell: ({ connection }) => connection, dispensable: 0 },
  { title: 'App', cell: ({ app }) => app, dispensable: 3 },
  { title: 'Grant', cell: (view) => (isUser(view) ? 'user' : 's2s'), dispensable: 6 },
  { title: 'State', cell: formatState, dispensable: 0 },
  { title: 'Valid', cell: formatValidity, dispensable: 1 },
  { title: 'Rotated', cell: ({ rotatedAt }, now) => formatDuration(now - rotatedAt), dispensable: 4 },
  { title: 'Next', cell: formatNextRotation, dispensable: 2 },
  {
    title: 'Consent',
    cell: (view, now) => (isUser(view) ? formatDuration(now - view.consentedAt) : NONE),
    dispensable: 5,
  },
];
const GAP = 2;

const widthOf = (cell: string) => stripVTControlCharacters(cell).length;

/** A table whose rows may follow one after the other, because its columns are fixed. */
export interface OverviewTable {
  head: string;
  row(view: ConnectionView): string;
}

/**
 * Returns the table of connections that fits into a width: without the columns that matter least where it is narrow, and
 * without breaking a name.
 * @param first connections that determine the widths of the columns
 * @param now epoch seconds, by the installation's clock
 * @param width of the terminal in characters
 */
export function overviewTable(
  first: readonly ConnectionView[],
  now: number,
  width = Number.POSITIVE_INFINITY,
): OverviewTable {
  let columns = COLUMNS.map((column) => ({
    ...column,
    width: Math.max(column.title.length, ...first.map((view) => widthOf(column.cell(view, now)))),
  }));
  const total = () => columns.reduce((sum, column) => sum + column.width + GAP, -GAP);
  while (total() > width) {
    const least = Math.max(...columns.map(({ dispensable }) => dispensable));
    if (least === 0) break;
    columns = columns.filter(({ dispensable }) => dispensable !== least);
  }
  const line = (cells: string[]) =>
    cells
      .map((cell, index) => cell + ' '.repeat(Math.max(0, (columns[index]?.width ?? 0) - widthOf(cell))))
      .join(' '.repeat(GAP))
      .trimEnd();
  return {
    head: line(columns.map(({ title }) => title)),
    row: (view) => line(columns.map(({ cell }) => cell(view, now))),
  };
}
