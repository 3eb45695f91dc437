import { stripVTControlCharacters } from 'node:util';
import { wrapAnsi } from 'fast-wrap-ansi';

/** A space that does not end a line while a text is wrapped. */
const NO_BREAK = '\u00a0';
/** Matches text that people copy as a whole: a command up to its sentence's end, and an expression of n8n. */
const UNITS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts and ends a style
  /(?<=^|: |\(|; |\x1b\[\d{1,2}m)(?:npx|zoom-tokens|aws) .+?(?=\x1b|\.?$|\. |[;,)]| \()|\{\{.*?\}\}/g;
/** Beyond this share of the line, a column is too far right to continue below it. */
const MAX_INDENT_SHARE = 0.6;

/**
 * Returns a text whose lines fit into a terminal. A line continues under its own text: after its mark, or in its last
 * column. Words stay whole. A command stays on one line, or continues after a `\` as in a shell.
 * @param width in characters; `undefined` for a text that no terminal shows
 */
export function wrapText(text: string, width: number | undefined): string {
  if (width === undefined || width < 1) return text;
  return text
    .split('\n')
    .map((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  if ([...plain].length <= width) return line;
  const indent = indentOf(plain, width);
  const [start, content] = splitStyled(line, indent);
  const available = Math.max(1, width - indent);
  const rows = wrapAnsi(keepUnits(content, available), available).split('\n');
  return (start + rows.join(`\n${' '.repeat(indent)}`)).replaceAll(NO_BREAK, ' ').replace(/ +$/gm, '');
}

/** Returns the column under which the line continues. */
function indentOf(plain: string, width: number): number {
  const [start = ''] = /^ *(?:[✔✖!–] )?/.exec(plain) ?? [];
  const limit = Math.floor(width * MAX_INDENT_SHARE);
  const columns = [...plain.matchAll(/(?<=\S) {2,}(?=\S)/g)].map(({ index, 0: gap }) => index + gap.length);
  return columns.findLast((column) => column <= limit) ?? Math.min(start.length, limit);
}

/** Splits a text before a visible character. Styles count as no character. */
function splitStyled(text: string, at: number): [start: string, rest: string] {
  let index = 0;
  for (let visible = 0; visible < at; index += 1) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a style
    const [style] = /^(?:\x1b\[\d{1,2}m)+/.exec(text.slice(index)) ?? [];
    if (style !== undefined) index += style.length;
    visible += 1;
  }
  return [text.slice(0, index), text.slice(index)];
}

function keepUnits(text: string, available: number): string {
  return text.replace(UNITS, (unit) => {
    const rows = unit.length <= available ? [unit] : wrapAnsi(unit, Math.max(1, available - 6)).split('\n');
    const kept = rows.map((row) => row.replaceAll(' ', NO_BREAK));
    if (rows.length === 1 || !/^(npx|zoom-tokens|aws)/.test(unit)) return kept.join(' ');
    return `\n${kept.join(` \\\n${NO_BREAK.repeat(4)}`.replaceAll(' \\', `${NO_BREAK}\\`))}`;
  });
}
