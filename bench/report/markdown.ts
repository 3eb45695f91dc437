/** One row of a table; numbers are aligned right. */
type Cell = string | number;

/** A table as Biome and people like to read it: columns padded to their widest cell. */
export function markdownTable(head: string[], rows: Cell[][]): string {
  const texts = [head, ...rows.map((row) => row.map(show))];
  const widths = head.map((_, column) => Math.max(3, ...texts.map((row) => (row[column] ?? '').length)));
  const isNumber = head.map(
    (_, column) => column > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, isNumber[column] ?? false)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    isNumber[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...texts.slice(1).map(line)].join('\n');
}

/**
 * The document with what stands between `<!-- bench:<name> -->` and `<!-- /bench:<name> -->` replaced.
 * @throws {Error} when the document has no such place
 */
export function withSection(document: string, name: string, content: string): string {
  const [from, to] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [start, end] = [document.indexOf(from), document.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`docs/performance.md has no ${from} … ${to}.`);
  return `${document.slice(0, start + from.length)}\n\n${content.trim()}\n\n${document.slice(end)}`;
}

const pad = (cell: string, width: number, right: boolean) =>
  right ? cell.padStart(width) : cell.padEnd(width);

/** Three digits tell as much as a benchmark knows. */
const show = (cell: Cell): string => {
  if (typeof cell === 'string') return cell;
  if (!Number.isFinite(cell)) return '–';
  const digits = Math.abs(cell) >= 100 || Number.isInteger(cell) ? 0 : Math.abs(cell) >= 10 ? 1 : 2;
  return cell.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
};
