import * as v from 'valibot';
import { jsonObject } from '../json-object.ts';
import { ZOOM_ERRORS, type ZoomError } from './zoom-errors.ts';

/** An error as a body of Zoom describes it. */
export interface ErrorBody {
  code?: number;
  /** In Zoom's words, the most telling first: `error` is often a mere `invalid_request`. */
  texts: string[];
}

const text = v.fallback(v.optional(v.string()), undefined);
const number = v.fallback(
  v.optional(
    v.union([v.pipe(v.number(), v.integer()), v.pipe(v.string(), v.regex(/^\s*\d{1,9}\s*$/), v.toNumber())]),
  ),
  undefined,
);

/** `{reason, error}`, `{code, message}` and `{status: false, errorCode, errorMessage}` have been seen. */
const Body = v.pipe(
  jsonObject,
  v.object({
    code: number,
    errorCode: number,
    reason: text,
    errorMessage: text,
    message: text,
    error_description: text,
    error: v.optional(v.unknown()),
  }),
);

/** Reads an error from a parsed body; `undefined` where it is no JSON object. */
export function readErrorBody(body: unknown): ErrorBody | undefined {
  const parsed = v.safeParse(Body, body);
  if (!parsed.success) return undefined;
  const { code, errorCode, reason, errorMessage, message, error_description, error } = parsed.output;
  const inner = typeof error === 'string' ? { texts: [error] } : readErrorBody(error);
  const known = errorCode ?? code ?? inner?.code;
  const texts = [reason, errorMessage, message, error_description].filter((each) => each !== undefined);
  return { texts: [...texts, ...(inner?.texts ?? [])], ...(known !== undefined && { code: known }) };
}

/**
 * Returns the row of Zoom's table that an error belongs to: by a text, then by the number, then by OAuth's `error`, which
 * stands last among the texts.
 */
export function findZoomError({ code, texts }: ErrorBody): ZoomError | undefined {
  const telling = texts.filter((each) => !OAUTH_ERROR.test(each));
  return (
    findByTexts(telling) ??
    ZOOM_ERRORS.find(({ codes }) => code !== undefined && codes.includes(code)) ??
    findByTexts(texts)
  );
}

/** The form of OAuth's own codes, such as `invalid_grant`. */
const OAUTH_ERROR = /^[a-z]+(_[a-z]+)+$/;

/** Returns whether Zoom says that a token lacks a scope. The number differs, and so does what follows. */
export const isMissingScope = ({ texts }: ErrorBody): boolean =>
  texts.some((each) => plain(each).includes('notcontainscope'));

function findByTexts(texts: string[]): ZoomError | undefined {
  for (const each of texts) {
    const [found] = KNOWN.filter(({ words }) => plain(each).includes(words));
    if (found) return found.row;
  }
  return undefined;
}

/** Compares words alone: case, punctuation and spaces differ between Zoom's table and its responses. */
const plain = (words: string): string => words.toLowerCase().replace(/[^\p{Letter}\p{Number}]/gu, '');

/** The longest words first: `Refresh token invalid` says more than `client_id`, which may follow. */
const KNOWN = ZOOM_ERRORS.flatMap((row) => row.texts.map((each) => ({ row, words: plain(each) }))).sort(
  (one, other) => other.words.length - one.words.length,
);
