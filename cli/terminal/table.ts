import Table from 'cli-table3';

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((position) => [position, '']),
);

/**
 * Returns a table without borders, its columns two spaces apart. Cells may contain colors.
 * @param widths of the columns in characters; `null` fits a column to its content
 */
export function formatTable(head: string[], rows: string[][], widths: (number | null)[] = []): string {
  const table = new Table({
    head,
    chars: { ...NO_BORDERS, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: widths,
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  table.push(...rows);
  return trimLineEnds(table.toString());
}

/** Returns names and values in two columns, one pair a line. */
export function formatList(rows: [name: string, value: string][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

const trimLineEnds = (text: string) =>
  text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
