import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { utc } from '../tokens/clock.ts';
import type { FinishedConsent } from '../tokens/consent/consent.ts';
import type { LinkTicket } from '../tokens/consent/link-ticket.ts';
import { Failure, toFailure } from '../tokens/errors.ts';
import { expression } from '../tokens/n8n-names.ts';
import { type Html, html } from './html.ts';
import { page } from './page-template.ts';

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
  overtaken: 'Connected already',
  other_user: 'Another Zoom user',
  user_not_told: 'Zoom did not tell who you are',
  user_pending: 'Almost connected',
  code_refused: 'Zoom refused the code',
};

const STATUS: Record<string, number> = {
  ticket_expired: 410,
  ticket_used: 410,
  consent_expired: 410,
  consent_declined: 403,
  overtaken: 409,
  other_user: 409,
  user_not_told: 409,
  // A reload would spend the code again.
  user_pending: 202,
};

const STATUS_OF_CLASS = { rejected: 400, reconnect: 400, misconfigured: 500, retry: 503 } as const;

/**
 * What a link opens: it says what will be connected, and its button spends the link. A chat or a mail scanner that
 * opens links does not press it. The form sends its own address, and so the ticket.
 *
 * Chromium checks `form-action` at every redirect that follows, and where Zoom leads to (a sign-in of its own or of a
 * company) is not ours to know: hence any HTTPS address, beside Zoom's origin, which is plain HTTP on one machine.
 */
export function linkPage(
  { connection, app, expiresAt }: LinkTicket,
  zoomOrigin: string,
): APIGatewayProxyStructuredResultV2 {
  return page({
    statusCode: 200,
    tone: 'ask',
    title: `Connect “${connection}” to Zoom?`,
    content: [
      html`<p>Zoom will ask you to allow access to your account; n8n then works with it under the name “${connection}”.</p>`,
      html`<dl><dt>Connection</dt><dd>${connection}</dd>`,
      html`<dt>Zoom app</dt><dd>${app}</dd>`,
      html`<dt>Link works until</dt><dd>${utc(expiresAt)}, once</dd></dl>`,
      html`<form method="post"><button>Continue to Zoom</button></form>`,
      html`<p class="aside">If you did not expect this link, close this page; nothing has been changed.</p>`,
    ],
    formAction: `'self' ${zoomOrigin} https:`,
  });
}

/** Puts the expression into the clipboard, or selects it where the browser does not allow that. */
const COPY = `
const [code] = document.getElementsByTagName('code');
const [button] = document.getElementsByTagName('button');
const said = document.querySelector('[role=status]');
button.hidden = false;
button.onclick = async () => {
  try {
    await navigator.clipboard.writeText(code.textContent);
    said.textContent = 'Copied.';
  } catch {
    getSelection().selectAllChildren(code);
    said.textContent = 'Selected: copy it with Ctrl+C or ⌘C.';
  }
};
`;

/** Shows what a finished consent has connected. */
export function connectedPage(consent: FinishedConsent): APIGatewayProxyStructuredResultV2 {
  const { item, user, outcome, requested } = consent;
  const { connection, expiresAt } = item;
  if (connection !== requested) return renewedPage(connection, requested);
  const isPublished = outcome.kind === 'settled';
  return page({
    statusCode: 200,
    tone: isPublished ? 'good' : 'note',
    title: `“${connection}” is connected`,
    content: [
      isPublished
        ? html`<p>Zoom’s access token is stored where n8n reads it, and will be replaced before it ends.</p>`
        : html`<p class="next">${unpublished(outcome)}</p>`,
      html`<p>Paste this expression into the <b>Access Token</b> field of n8n’s Zoom credential:</p>`,
      html`<div class="copy"><code>${expression(connection)}</code><button type="button" hidden>Copy</button></div>`,
      html`<p role="status"></p>`,
      html`<dl><dt>Connection</dt><dd>${connection}</dd>`,
      html`<dt>Zoom user</dt><dd>${user?.name ?? user?.id ?? 'not told by the app’s scopes'}</dd>`,
      html`<dt>Valid until</dt><dd>${utc(expiresAt)}, then rotated</dd></dl>`,
      html`<p class="aside">You may close this page.</p>`,
    ],
    script: COPY,
  });
}

/** The Zoom user was connected under another name already, and that connection has taken the new tokens. */
function renewedPage(connection: string, requested: string): APIGatewayProxyStructuredResultV2 {
  return page({
    statusCode: 409,
    tone: 'note',
    title: 'Connected already',
    content: sentences(
      `This Zoom user is connected as "${connection}" already, and stays so; "${requested}" was not connected.`,
      `Use "${connection}" in n8n, or consent as another Zoom user.`,
    ),
  });
}

function unpublished(outcome: FinishedConsent['outcome']): string {
  const problem = outcome.kind === 'failed' ? toFailure(outcome.error) : undefined;
  return problem?.class === 'misconfigured'
    ? `The tokens are stored, but n8n cannot read them yet. ${problem.message} ${problem.action}`
    : 'The tokens are stored; within a few minutes n8n can read the access token.';
}

/** What happened in one sentence, what to do in another. What is no `Failure` stays private. */
export function errorPage(error: unknown): APIGatewayProxyStructuredResultV2 {
  if (error instanceof Failure && error.code !== 'environment') {
    const statusCode = STATUS[error.code] ?? STATUS_OF_CLASS[error.class];
    const response = page({
      statusCode,
      tone: error.class === 'rejected' || statusCode === 202 ? 'note' : 'bad',
      title: TITLES[error.code] ?? 'Not connected',
      content: sentences(error.message, error.action),
    });
    if (statusCode === 503)
      response.headers = { ...response.headers, 'Retry-After': String(error.retryAfter ?? 60) };
    return response;
  }
  if ((error as { statusCode?: number } | null)?.statusCode === 404) {
    return page({
      statusCode: 404,
      tone: 'note',
      title: 'No such page',
      content: sentences(
        'There is nothing at this address.',
        'Open the link as a whole: it may have been cut.',
      ),
    });
  }
  return page({
    statusCode: 500,
    tone: 'bad',
    title: 'Something is broken here',
    content: sentences(
      'The request could not be finished.',
      'Ask the operator whether the connection was made; the log of the callback function tells the reason.',
    ),
  });
}

const sentences = (happened: string, next: string): Html[] => [
  html`<p>${happened}</p>`,
  html`<p class="next">${next}</p>`,
];
