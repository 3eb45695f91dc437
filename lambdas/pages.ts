import { createHash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Connected } from './tokens/consent.ts';
import { describe, TokenError } from './tokens/errors.ts';
import { expression } from './tokens/publish.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2330; --paper: #f6f7f9; --card: #fff; --line: #d5dae2; --good: #0b6b3a; --bad: #a3261b }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --paper: #14171d; --card: #1d222b; --line: #3a4250; --good: #6fd39b; --bad: #ff9d92 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 system-ui, sans-serif }
main { width: 100%; max-width: 38rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 2rem }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25 }
.good h1 { color: var(--good) }
.bad h1 { color: var(--bad) }
p { margin: .75rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1rem; margin: 1rem 0 }
dt { font-weight: 600 }
dd { margin: 0; overflow-wrap: anywhere }
code { display: block; padding: .75rem; border: 1px solid var(--line); border-radius: .5rem; font: .95rem ui-monospace, monospace; overflow-wrap: anywhere; user-select: all }
`;

/** The only style that a page may use is the one above, by its hash. */
export const contentSecurityPolicy = {
  'default-src': "'none'",
  'style-src': `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'navigate-to': '',
  'report-to': '',
  'require-trusted-types-for': '',
  'trusted-types': '',
};

const TITLES: Record<string, string> = {
  ticket_missing: 'A link is needed',
  ticket_invalid: 'This link does not work',
  ticket_expired: 'This link has expired',
  ticket_used: 'This link was used before',
  cookie_missing: 'Another browser?',
  consent_unknown: 'Another browser?',
  consent_expired: 'That took too long',
  consent_declined: 'Consent declined',
  state_mismatch: 'This answer belongs to another tab',
  already_linked: 'Connected already',
  overtaken: 'Connected already',
  other_user: 'Another Zoom user',
  user_not_told: 'Zoom did not tell who you are',
  code_refused: 'Zoom refused the code',
};

const STATUS: Record<string, number> = {
  ticket_expired: 410,
  ticket_used: 410,
  consent_expired: 410,
  consent_declined: 403,
  already_linked: 409,
  overtaken: 409,
  other_user: 409,
  user_not_told: 409,
};

const STATUS_OF_CLASS = { rejected: 400, reconnect: 400, misconfigured: 500, try_again: 503 } as const;

export function connectedPage({ item, user, outcome }: Connected): APIGatewayProxyStructuredResultV2 {
  const published = outcome.did === 'settled';
  const problem = outcome.did === 'failed' ? describe(outcome.error) : undefined;
  return page(200, 'good', `“${item.connection}” is connected`, [
    `<p>${
      published
        ? 'Zoom’s access token is stored where n8n reads it, and will be replaced before it ends.'
        : problem?.class === 'misconfigured'
          ? `The tokens are stored, but n8n cannot read them yet. ${escapeHtml(`${problem.message} ${problem.action}`)}`
          : 'The tokens are stored; within a few minutes n8n can read the access token.'
    }</p>`,
    `<dl><dt>Zoom user</dt><dd>${escapeHtml(user?.name ?? user?.id ?? 'not told by the app’s scopes')}</dd>`,
    `<dt>Valid until</dt><dd>${utc(item.expiresAt)}, then rotated</dd></dl>`,
    '<p>Paste this expression into the <b>Access Token</b> field of n8n’s Zoom credential:</p>',
    `<code>${escapeHtml(expression(item.connection))}</code>`,
    '<p>You may close this page.</p>',
  ]);
}

/** What happened in one sentence, what to do in another. What is no `TokenError` stays private. */
export function errorPage(error: unknown): APIGatewayProxyStructuredResultV2 {
  if (error instanceof TokenError && error.code !== 'environment') {
    const status = STATUS[error.code] ?? STATUS_OF_CLASS[error.class];
    const response = page(status, 'bad', TITLES[error.code] ?? 'Not connected', [
      `<p>${escapeHtml(error.message)}</p>`,
      `<p>${escapeHtml(error.action)}</p>`,
    ]);
    if (status === 503)
      response.headers = { ...response.headers, 'Retry-After': String(error.retryAfter ?? 60) };
    return response;
  }
  if ((error as { statusCode?: number } | null)?.statusCode === 404) {
    return page(404, 'bad', 'No such page', ['<p>There is nothing here; the link may be incomplete.</p>']);
  }
  return page(500, 'bad', 'Something is broken here', [
    '<p>The request could not be finished.</p>',
    '<p>Ask the operator whether the connection was made; the log of the callback function tells the reason.</p>',
  ]);
}

function page(
  statusCode: number,
  mood: 'good' | 'bad',
  title: string,
  content: string[],
): APIGatewayProxyStructuredResultV2 {
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · zoom-token-refresher</title>
<style>${STYLE}</style>
</head>
<body>
<main class="${mood}">
<h1>${escapeHtml(title)}</h1>
${content.join('\n')}
</main>
</body>
</html>
`;
  return {
    statusCode,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' },
    body,
  };
}

const utc = (at: number) => `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
