import { createHash } from 'node:crypto';

/** Markup. Its type distinguishes it from text. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** Builds markup from a template. Escapes every text that is inserted, and no markup. */
export function html(markup: TemplateStringsArray, ...inserted: (string | Html | Html[])[]): Html {
  return new Html(String.raw({ raw: markup }, ...inserted.map(markupOf)));
}

function markupOf(value: string | Html | Html[]): string {
  if (value instanceof Html) return value.markup;
  return typeof value === 'string' ? escapeHtml(value) : value.map(({ markup }) => markup).join('\n');
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

/** The things that a page is allowed to use; nothing else is. */
interface PagePermissions {
  /** The text of its inline style sheet. */
  style?: string;
  /** The text of its inline script. */
  script?: string;
  /** Sources to which its form may send the browser, redirects included. */
  formAction?: string;
  /** Whether it may reload itself. A sandbox allows that only with `allow-scripts`; `default-src` still allows none. */
  refresh?: boolean;
}

/**
 * Returns a Content-Security-Policy that allows only what is given. `sandbox` removes even the origin of a page that
 * needs none. https://www.w3.org/TR/CSP3/
 */
export function contentSecurityPolicy({ style, script, formAction, refresh }: PagePermissions = {}): string {
  return [
    "default-src 'none'",
    ...(style ? [`style-src ${hash(style)}`] : []),
    // The icon, and nothing from another host.
    ...(style ? ['img-src data:'] : []),
    ...(script ? [`script-src ${hash(script)}`] : []),
    "base-uri 'none'",
    `form-action ${formAction ?? "'none'"}`,
    "frame-ancestors 'none'",
    // A page without an origin has no access to the clipboard, and its form sends no SameSite cookie.
    [
      'sandbox',
      script && 'allow-scripts allow-same-origin',
      refresh && 'allow-scripts',
      formAction && 'allow-forms',
    ]
      .filter(Boolean)
      .join(' '),
  ].join('; ');
}

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
