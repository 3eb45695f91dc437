import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { utc } from '../tokens/clock.ts';
import type { LinkTicket } from '../tokens/consent/link-ticket.ts';
import { html } from './html.ts';
import { page } from './page-template.ts';

/**
 * Renders the page that a link opens. It shows what will be connected, and its button uses the link up. A mail scanner or
 * a chat preview that opens the link presses no button. The form posts to the page's own address, which has the ticket.
 *
 * Chromium applies `form-action` to every redirect that follows. Zoom may redirect to a sign-in page of its own or of a
 * company, so any HTTPS address is allowed. Zoom's origin is listed because it is plain HTTP in a local stack.
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
      html`<p>Zoom will ask you to allow access to your account. n8n then uses it under the name “${connection}”.</p>`,
      html`<dl><dt>Connection</dt><dd>${connection}</dd>`,
      html`<dt>Zoom app</dt><dd>${app}</dd>`,
      html`<dt>Link valid until</dt><dd>${utc(expiresAt)}, for one use</dd></dl>`,
      html`<form method="post"><button>Continue to Zoom</button></form>`,
      html`<p class="aside">If you did not expect this link, close this page. Nothing has been changed.</p>`,
    ],
    formAction: `'self' ${zoomOrigin} https:`,
  });
}
