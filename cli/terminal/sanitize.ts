import { stripVTControlCharacters } from 'node:util';

/**
 * Characters that a terminal acts on instead of showing them: C0 and C1 controls, DEL, and the marks and overrides that
 * change the direction of text (Unicode Annex 9).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Colors and other styles, as `styleText` writes them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a style
const STYLE = /(\x1b\[\d{1,2}m)/;

/**
 * Returns a text that came from elsewhere (Zoom, n8n, the table) as one line that a terminal shows and does not act on.
 * Escape sequences are removed whole, so that no rest of them is shown.
 */
export const sanitizeText = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/[\r\n\t\v\f\u0085\u2028\u2029]+/g, ' ')
    .replace(CONTROLS, '');

/** Returns a text of this program, with its styles and lines, without any other control character. */
export const sanitizeOutput = (text: string): string =>
  text
    .split(STYLE)
    .map((part, index) => (index % 2 === 1 ? part : stripVTControlCharacters(part).replace(CONTROLS, '')))
    .join('');

/** Returns JSON with the characters of `CONTROLS` escaped. JSON itself escapes C0 alone. */
export const escapeControls = (json: string): string =>
  json.replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Returns a copy of a JSON value with every string sanitized, names of properties included. */
export function sanitizeValue<Value>(value: Value): Value {
  return sanitizeUnknown(value) as Value;
}

function sanitizeUnknown(value: unknown): unknown {
  if (typeof value === 'string') return sanitizeText(value);
  if (Array.isArray(value)) return value.map(sanitizeUnknown);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [sanitizeText(name), sanitizeUnknown(each)]),
  );
}
