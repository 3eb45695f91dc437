import { expect } from '@jest/globals';
import type { BrowserResponse } from '../services/handlers.ts';

const CHARACTERS: Record<string, string> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

const textOf = (html: string) =>
  html.replace(/<[^>]+>/g, '').replace(/&[#\w]+;/g, (entity) => CHARACTERS[entity] ?? entity);

/** Returns the texts of a page of the callback function. */
export function readPage(body: string): { title: string; paragraphs: string[]; code: string | undefined } {
  const all = (tag: string) => [...body.matchAll(new RegExp(`<${tag}(?: [^>]*)?>(.*?)</${tag}>`, 'gs'))];
  const [title = '', code] = ['h1', 'code'].map((tag) => all(tag)[0]?.[1]);
  return {
    title: textOf(title),
    paragraphs: all('p').map(([, html = '']) => textOf(html)),
    code: code && textOf(code),
  };
}

/**
 * Expects the headers that every response has: not cached, no referrer, nothing loaded, no framing. `allowed` holds the
 * further directives of its Content-Security-Policy; a page may have its style.
 */
export function expectSafeHeaders(
  { headers, body }: BrowserResponse,
  allowed: Record<string, string> = {},
): void {
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'strict-transport-security': expect.stringContaining('max-age='),
  });
  const policy = headers['content-security-policy'] ?? '';
  const directives = Object.fromEntries(
    policy.split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values.join(' ')];
    }),
  );
  expect(directives).toEqual({
    'default-src': "'none'",
    ...(body !== '' && { 'img-src': 'data:', 'style-src': expect.stringMatching(/^'sha256-[\w+/=]{44}'$/) }),
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    sandbox: '',
    ...allowed,
  });
}
