import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { utc } from '../tokens/clock.ts';
import type { StoredLink } from '../tokens/store.ts';
import { html } from './html.ts';
import { page } from './page-template.ts';

/**
 * Disables the button once it is pressed. The second request of a double click would come without the cookie that the
 * first one sets, and so find the link used by another browser. `pageshow` is for the back button.
 */
const PRESS_ONCE = `
const [button] = document.getElementsByTagName('button');
document.forms[0].onsubmit = () => void setTimeout(() => { button.disabled = true; });
onpageshow = () => { button.disabled = false; };
`;

/**
 * Renders the page that a link opens. It shows what will be connected, and its button uses the link up. A mail scanner or
 * a chat preview that opens the link presses no button. The form posts to the page's own address, which has the ticket.
 *
 * Chromium applies `form-action` to every redirect that follows. Zoom may redirect to a sign-in page of its own or of a
 * company, so any HTTPS address is allowed. Zoom's origin is listed because it is plain HTTP in a local stack.
 */
export function linkPage(
  { connection, app, expiresAt }: StoredLink,
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
    script: PRESS_ONCE,
    formAction: `'self' ${zoomOrigin} https:`,
  });
}
