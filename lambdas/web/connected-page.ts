import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { N8N } from '../contract.ts';
import { utc } from '../tokens/clock.ts';
import type { FinishedConsent } from '../tokens/consent/finish-consent.ts';
import { toFailure } from '../tokens/errors.ts';
import { expression } from '../tokens/n8n-names.ts';
import { missingScopes } from '../tokens/n8n-scopes.ts';
import { type Html, html } from './html.ts';
import { eventAndAction, page } from './page-template.ts';

/** The script of `pasteInstructions`: copies the expression, or selects it if the browser denies the clipboard. */
export const COPY = `
const [code] = document.getElementsByTagName('code');
const [button] = document.getElementsByTagName('button');
const status = document.querySelector('[role=status]');
button.hidden = false;
button.onclick = async () => {
  try {
    await navigator.clipboard.writeText(code.textContent);
    status.textContent = 'Copied.';
  } catch {
    getSelection().selectAllChildren(code);
    status.textContent = 'Selected. Press Ctrl+C or ⌘C to copy.';
  }
};
`;

/** Renders the page after a consent: what is connected, and what to paste into n8n. */
export function connectedPage(
  consent: Omit<FinishedConsent, 'finishedCookie'>,
): APIGatewayProxyStructuredResultV2 {
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
        ? html`<p>The access token is stored where n8n reads it. It is replaced automatically before it expires.</p>`
        : html`<p class="next">${unpublished(outcome)}</p>`,
      ...pasteInstructions(connection),
      html`<dl><dt>Connection</dt><dd>${connection}</dd>`,
      html`<dt>Zoom user</dt><dd>${user?.name ?? user?.id ?? 'unknown: the Zoom app has no scope for it'}</dd>`,
      html`<dt>Valid until</dt><dd>${isPublished ? `${utc(expiresAt)}, replaced before then` : 'n8n does not have this token yet'}</dd></dl>`,
      ...scopeWarning(item),
      html`<p class="aside">You can close this page.</p>`,
    ],
    script: COPY,
  });
}

/** Returns what to paste into n8n, with a button that the script `COPY` serves. */
export function pasteInstructions(connection: string): Html[] {
  const { credentialType, field, deprecation } = N8N;
  return [
    html`<p>In n8n, create a credential of the type <b>${credentialType}</b> and paste this expression into its field <b>${field}</b>. ${deprecation}</p>`,
    html`<div class="copy"><code>${expression(connection)}</code><button type="button" hidden>Copy</button></div>`,
    html`<p role="status"></p>`,
  ];
}

function scopeWarning(item: FinishedConsent['item']): Html[] {
  const missing = missingScopes(item);
  if (missing === undefined) return [];
  return [
    html`<p class="next">${missing} If your workflows use them, ask the operator to add the scopes to the Zoom app. Then connect again with a new link.</p>`,
  ];
}

/** Renders the page for a Zoom user who was already connected under another name. That connection has the new tokens. */
export function renewedPage(connection: string, requested: string): APIGatewayProxyStructuredResultV2 {
  return page({
    statusCode: 409,
    tone: 'note',
    title: 'Already connected',
    content: eventAndAction(
      `Your Zoom account is already connected as "${connection}". That connection was renewed, and "${requested}" was not connected.`,
      `Use "${connection}" in n8n. To connect "${requested}", ask for a new link and sign in to Zoom as another user.`,
    ),
  });
}

function unpublished(outcome: FinishedConsent['outcome']): string {
  const problem = outcome.kind === 'failed' ? toFailure(outcome.error) : undefined;
  return problem?.class === 'misconfigured'
    ? `The tokens are stored, but n8n cannot read them yet. ${problem.message} ${problem.action}`
    : 'The tokens are stored. n8n can read the access token within a few minutes.';
}
