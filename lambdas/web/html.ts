import { createHash } from 'node:crypto';

/** Markup, told from text by its type. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** Markup with holes: what fills one is escaped, unless it is markup itself. */
export function html(markup: TemplateStringsArray, ...holes: (string | Html | Html[])[]): Html {
  return new Html(String.raw({ raw: markup }, ...holes.map(filled)));
}

function filled(hole: string | Html | Html[]): string {
  if (hole instanceof Html) return hole.markup;
  return typeof hole === 'string' ? escapeHtml(hole) : hole.map(({ markup }) => markup).join('\n');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** What a page may do; without any of these, nothing. */
export interface Allowed {
  /** The one style sheet, which stands inline. */
  style?: string;
  /** The one script, which stands inline. */
  script?: string;
  /** Sources to which its form may lead, redirects included. */
  formAction?: string;
}

/**
 * A Content-Security-Policy that allows what is named and nothing else. `sandbox` takes even the origin from a page
 * that needs none.
 */
export function contentSecurityPolicy({ style, script, formAction }: Allowed = {}): string {
  return [
    "default-src 'none'",
    ...(style ? [`style-src ${hash(style)}`] : []),
    ...(script ? [`script-src ${hash(script)}`] : []),
    "base-uri 'none'",
    `form-action ${formAction ?? "'none'"}`,
    "frame-ancestors 'none'",
    // The clipboard is closed to a page without an origin.
    ['sandbox', script && 'allow-scripts allow-same-origin', formAction && 'allow-forms']
      .filter(Boolean)
      .join(' '),
  ].join('; ');
}

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
