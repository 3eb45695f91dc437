import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { N8N } from '../contract.ts';
import type { Connection } from '../tokens/connection.ts';
import type { FinishedConsent } from '../tokens/consent/finish-consent.ts';
import type { RepeatedConsent } from '../tokens/consent/repeated-consent.ts';
import { toFailure } from '../tokens/errors.ts';
import { expression } from '../tokens/n8n-names.ts';
import { missingScopes } from '../tokens/n8n-scopes.ts';
import type { Asker } from '../tokens/operate/installation.ts';
import { isUnlinked } from '../tokens/reader-view.ts';
import { type Html, html } from './html.ts';
import { LOCAL_TIMES, untilTime } from './local-time.ts';
import { eventAndAction, page, typographic } from './page-template.ts';
import { permissionList } from './permission-list.ts';

/** The script of `pasteInstructions`: copies the expression, or selects it if the browser denies the clipboard. */
const COPY = `
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

interface ConnectedPageOptions {
  asker: Asker;
  /** Epoch seconds. */
  now: number;
}

type Consent = Omit<FinishedConsent, 'finishedCookie'>;

/**
 * Renders the page after a consent. A Zoom user reads that nothing is left to do. The maker of the link, who is the
 * operator, reads what to paste into n8n.
 */
export function connectedPage(
  consent: Consent,
  options: ConnectedPageOptions,
): APIGatewayProxyStructuredResultV2 {
  const { item, requested, forMe } = consent;
  if (item.connection !== requested) return renewedPage(item.connection, requested, options.asker);
  return forMe ? operatorPage(consent, options) : donePage(consent, options.asker);
}

/** Renders the page for a request that repeats one after which the connection was made. */
export function alreadyConnectedPage(
  repeated: Extract<RepeatedConsent, { repeated: 'connected' }>,
  asker: Asker,
): APIGatewayProxyStructuredResultV2 {
  const { connection, requested, forMe } = repeated;
  if (connection !== requested) return renewedPage(connection, requested, asker);
  return page(
    {
      statusCode: 200,
      tone: 'good',
      title: forMe ? `“${connection}” is connected` : 'Your Zoom account is connected',
      content: [
        html`<p>You’re already done: “${connection}” is connected. You can close this tab.</p>`,
        ...(forMe ? pasteInstructions(repeated) : []),
      ],
      ...(forMe && { script: COPY }),
    },
    asker,
  );
}

function donePage({ item, user, outcome }: Consent, asker: Asker): APIGatewayProxyStructuredResultV2 {
  const account = user?.name === undefined ? 'your Zoom account' : `your Zoom account (${user.name})`;
  return page(
    {
      statusCode: 200,
      tone: 'good',
      title: 'Your Zoom account is connected',
      content: [
        html`<p>You’re done. You can close this tab.</p>`,
        html`<p>n8n ${isUnlinked(item) || outcome.kind === 'nothing' ? 'will use' : 'can now use'} ${account} under the name “${item.connection}”${outcome.kind === 'nothing' && !isUnlinked(item) ? ', within a minute' : ''}. Its workflows can:</p>`,
        ...permissionList(item.scope),
        html`<p class="aside">To end this, remove the app in the Zoom App Marketplace: Manage, Added Apps.</p>`,
      ],
    },
    asker,
  );
}

function operatorPage(
  { item, user, outcome }: Consent,
  { asker, now }: ConnectedPageOptions,
): APIGatewayProxyStructuredResultV2 {
  const { connection, expiresAt } = item;
  const isPublished = outcome.kind === 'settled';
  return page(
    {
      statusCode: 200,
      tone: isPublished ? 'good' : 'note',
      title: `“${connection}” is connected`,
      content: [
        isPublished
          ? html`<p>The access token is stored where n8n reads it. It is replaced automatically before it expires.</p>`
          : html`<p class="next">${typographic(unpublished(outcome, item))}</p>`,
        ...noRoomWarning(item),
        ...pasteInstructions(item),
        html`<dl><dt>Connection</dt><dd>${connection}</dd>`,
        html`<dt>Zoom user</dt><dd>${user?.name ?? user?.id ?? 'unknown: the Zoom app has no scope for it'}</dd>`,
        html`<dt>Valid until</dt><dd>${isPublished ? html`${untilTime(expiresAt, now)}; replaced before then` : 'n8n does not have this token yet'}</dd></dl>`,
        ...scopeWarning(item),
        html`<p class="aside">You can close this page.</p>`,
      ],
      script: COPY + LOCAL_TIMES,
    },
    asker,
  );
}

/** Returns what to paste into n8n, with a button that the script `COPY` serves. */
function pasteInstructions(item: Pick<Connection, 'connection' | 'place'>): Html[] {
  const pasted = expression(item);
  if (pasted === undefined)
    return [
      html`<p>The access token is only pushed to n8n: link it with “npx zoom-tokens n8n link ${item.connection}”.</p>`,
    ];
  const { credentialType, field, deprecation } = N8N;
  return [
    html`<p>In n8n, create a credential of the type <b>${credentialType}</b> and paste this expression into its field <b>${field}</b>. ${deprecation}</p>`,
    html`<div class="copy"><code>${pasted}</code><button type="button" hidden>Copy</button></div>`,
    html`<p role="status"></p>`,
  ];
}

function noRoomWarning({ noRoomIn }: Consent['item']): Html[] {
  if (noRoomIn === undefined) return [];
  return [
    html`<p class="next">The bundle “${noRoomIn}” had no room for this token, so it got a secret of its own.</p>`,
  ];
}

function scopeWarning(item: Consent['item']): Html[] {
  const missing = missingScopes(item);
  if (missing === undefined) return [];
  return [
    html`<p class="next">${typographic(missing)} If your workflows use them, add the scopes to the Zoom app. Then connect again with a new link.</p>`,
  ];
}

/** Renders the page for a Zoom user who was already connected under another name. That connection has the new tokens. */
function renewedPage(connection: string, requested: string, asker: Asker): APIGatewayProxyStructuredResultV2 {
  return page(
    {
      statusCode: 409,
      tone: 'note',
      title: 'You are connected already',
      content: eventAndAction(
        `Your Zoom account is already connected as “${connection}”. That connection was renewed, and “${requested}” was not connected.`,
        `Nothing is left to do for “${connection}”. To connect “${requested}”, ask for a new link and sign in to Zoom as another user.`,
      ),
    },
    asker,
  );
}

function unpublished(outcome: Consent['outcome'], item: Consent['item']): string {
  if (isUnlinked(item)) return 'The tokens are stored. No n8n has the access token yet.';
  const problem = outcome.kind === 'failed' ? toFailure(outcome.error) : undefined;
  return problem?.class === 'misconfigured'
    ? `The tokens are stored, but n8n cannot read them yet. ${problem.message} ${problem.action}`
    : problem?.code === 'bundle_waits'
      ? `The tokens are stored. ${problem.message} ${problem.action}`
      : `The tokens are stored. n8n can read the access token within a ${outcome.kind === 'nothing' ? 'minute' : 'few minutes'}.`;
}
