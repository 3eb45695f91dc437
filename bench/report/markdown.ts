/** A cell of a table: text, a number that is rounded to three digits, or a number as text. */
type Cell = string | number | { text: string };

/** Returns a Markdown table. Columns are padded to their widest cell, and those of numbers are aligned right. */
export function markdownTable(head: string[], rows: Cell[][]): string {
  const texts = [head, ...rows.map((row) => row.map(format))];
  const widths = head.map((_, column) => Math.max(3, ...texts.map((row) => (row[column] ?? '').length)));
  const isNumber = head.map(
    (_, column) => column > 0 && rows.every((row) => typeof row[column] !== 'string'),
  );
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, isNumber[column] ?? false)).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    isNumber[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(head), `| ${rule.join(' | ')} |`, ...texts.slice(1).map(line)].join('\n');
}

/**
 * Returns the document with the text between `<!-- bench:<name> -->` and `<!-- /bench:<name> -->` replaced.
 * @throws {Error} when the document lacks these marks
 */
export function withSection(document: string, name: string, content: string): string {
  const [from, to] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [start, end] = [document.indexOf(from), document.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`The document has no section ${from} … ${to}.`);
  return `${document.slice(0, start + from.length)}\n\n${content.trim()}\n\n${document.slice(end)}`;
}

const pad = (cell: string, width: number, right: boolean) =>
  right ? cell.padStart(width) : cell.padEnd(width);

// A benchmark is not more exact than three digits.
const format = (cell: Cell): string => {
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'object') return cell.text;
  if (!Number.isFinite(cell)) return '–';
  const digits = Math.abs(cell) >= 100 || Number.isInteger(cell) ? 0 : Math.abs(cell) >= 10 ? 1 : 2;
  return cell.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
};
