import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { DEFAULT_APP } from '../contract.ts';
import type { Asker } from '../tokens/operate/installation.ts';
import type { StoredLink } from '../tokens/store/links.ts';
import { html } from './html.ts';
import { LOCAL_TIMES, untilTime } from './local-time.ts';
import { contactLink, page } from './page-template.ts';
import { permissionList } from './permission-list.ts';

/**
 * Disables the button once it is pressed. The second request of a double click would come without the cookie that the
 * first one sets, and so find the link used by another browser. `pageshow` is for the back button.
 */
const PRESS_ONCE = `
const [button] = document.getElementsByTagName('button');
document.forms[0].onsubmit = () => void setTimeout(() => { button.disabled = true; });
onpageshow = () => { button.disabled = false; };
`;

interface LinkPageOptions {
  asker: Asker;
  zoomOrigin: string;
  /** Epoch seconds. */
  now: number;
}

/**
 * Renders the page that a link opens: who asks, for what, and until when. Its button uses the link up. A mail scanner or
 * a chat preview that opens the link presses no button. The form posts to the page's own address, which has the ticket.
 *
 * Chromium applies `form-action` to every redirect that follows. Zoom may redirect to a sign-in page of its own or of a
 * company, so any HTTPS address is allowed. Zoom's origin is listed because it is plain HTTP in a local stack.
 */
export function linkPage(
  { connection, app, expiresAt }: StoredLink,
  { asker, zoomOrigin, now }: LinkPageOptions,
): APIGatewayProxyStructuredResultV2 {
  const title =
    asker.name === undefined
      ? 'You are asked to connect your Zoom account'
      : `${asker.name} asks to connect your Zoom account`;
  return page(
    {
      statusCode: 200,
      tone: 'ask',
      title,
      content: [
        html`<p>If you allow it at Zoom, n8n uses your account under the name “${connection}”. Its workflows can:</p>`,
        ...permissionList(undefined),
        html`<p>Zoom lists on the next page what exactly the app asks for. You can decline there.</p>`,
        html`<form method="post"><button>Continue to Zoom</button></form>`,
        html`<dl>`,
        ...(asker.name === undefined ? [] : [html`<dt>Asked by</dt><dd>${asker.name}</dd>`]),
        ...(asker.contact === undefined
          ? []
          : [html`<dt>Contact</dt><dd>${contactLink(asker.contact)}</dd>`]),
        ...(app === DEFAULT_APP ? [] : [html`<dt>Zoom app</dt><dd>${app}</dd>`]),
        html`<dt>Link valid until</dt><dd>${untilTime(expiresAt, now)}</dd>`,
        html`</dl>`,
        html`<p class="aside">You did not expect this link? Close this page. Nothing has been changed.</p>`,
      ],
      script: PRESS_ONCE + LOCAL_TIMES,
      formAction: `'self' ${zoomOrigin} https:`,
    },
    asker,
  );
}
