import http, { type ClientRequest } from 'node:http';
import { inspect } from 'node:util';
import { parseJson } from '../../../lambdas/tokens/apis/http.ts';

/** A piece of this many characters is in no other text by accident. */
const PIECE = 16;

/** Finds any piece of a noted secret in a text, plain or encoded. */
export interface Watch {
  note(name: string, secret: string | Uint8Array): void;
  /** Returns the names of the noted secrets, each once. */
  names(): string[];
  /** Returns the names of the secrets of which a piece is in one of the texts. */
  leaks(texts: string | string[]): string[];
}

export function createWatch(): Watch {
  const names = new Set<string>();
  /** The bytes that were noted since the last search. Most tests search for nothing. */
  const noted: { name: string; bytes: Buffer }[] = [];
  const owners = new Map<string, string>();
  return {
    note(name, secret) {
      const bytes = Buffer.from(secret);
      if (bytes.length < PIECE) throw new Error(`${name} is too short to be distinguished from other text`);
      names.add(name);
      noted.push({ name, bytes });
    },
    names: () => [...names],
    leaks(texts) {
      for (const { name, bytes } of noted.splice(0))
        for (const form of forms(bytes)) for (const piece of pieces(form)) owners.set(piece, name);
      const found = [texts]
        .flat()
        .flatMap((text) => [...pieces(text)].flatMap((piece) => owners.get(piece) ?? []));
      return [...new Set(found)];
    },
  };
}

/** Returns the secret as it is, and as it looks inside a longer text that was encoded. */
function forms(secret: Buffer): string[] {
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), secret])
      .toString('base64')
      .slice(offset === 0 ? 0 : 4),
  );
  const encoded = [...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
  return [secret.toString(), encodeURIComponent(secret.toString()), secret.toString('hex'), ...encoded];
}

function* pieces(text: string): Generator<string> {
  for (let start = 0; start + PIECE <= text.length; start += 1) yield text.slice(start, start + PIECE);
}

const notes = new Set<Watch['note']>();
let restore: (() => void) | undefined;

/**
 * Notes what this process sends to a token endpoint with Node's HTTP client, and what comes back.
 * @returns a function that stops it
 */
export function watchTokenEndpoint(note: Watch['note']): () => void {
  notes.add(note);
  restore ??= patchRequest();
  return () => {
    notes.delete(note);
    if (notes.size > 0) return;
    restore?.();
    restore = undefined;
  };
}

/** Jest gives every test file of a worker the same `http`, so the patch has to end with its users. */
function patchRequest(): () => void {
  const original = http.request;
  const noteAll: Watch['note'] = (name, secret) => {
    for (const note of notes) note(name, secret);
  };
  const watched = (...args: Parameters<typeof http.request>): ClientRequest => {
    const request = original(...args);
    if (!request.path.startsWith('/oauth/')) return request;
    const [, basic] = /^Basic (.+)$/.exec(String(request.getHeader('authorization'))) ?? [];
    if (basic) noteAll('the Basic credentials', basic);
    const end = request.end.bind(request);
    Object.assign(request, {
      end(body: string) {
        noteSent(new URLSearchParams(body), noteAll);
        return end(body);
      },
    });
    request.on('response', (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => noteReceived(body, noteAll));
    });
    return request;
  };
  Object.assign(http, { request: watched });
  return () => void Object.assign(http, { request: original });
}

function noteSent(parameters: URLSearchParams, note: Watch['note']): void {
  for (const name of ['code', 'code_verifier', 'refresh_token']) {
    const value = parameters.get(name);
    if (value) note(`a ${name} that was sent`, value);
  }
}

function noteReceived(body: string, note: Watch['note']): void {
  for (const [name, value] of Object.entries(parseJson(body) ?? {})) {
    if (/_token$/.test(name) && typeof value === 'string') note(`Zoom's ${name}`, value);
  }
}

/** Returns all that a program could print of an error that it does not catch: every property, and the causes. */
export const printed = (error: unknown): string[] => [
  inspect(error, { depth: Infinity, showHidden: true }),
  JSON.stringify(error),
];
