import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { RepeatedConsent } from '../tokens/consent/repeated-consent.ts';
import type { Asker } from '../tokens/operate/installation.ts';
import { alreadyConnectedPage } from './connected-page.ts';
import { html } from './html.ts';
import { page } from './page-template.ts';

/** Seconds after which the page of an unfinished consent reloads itself. */
const REFRESH_SECONDS = 2;

/** Renders the page for a request that repeats an earlier one: what became of that one. */
export function repeatedPage(repeated: RepeatedConsent, asker: Asker): APIGatewayProxyStructuredResultV2 {
  return repeated.repeated === 'in_progress' ? progressPage(asker) : alreadyConnectedPage(repeated, asker);
}

function progressPage(asker: Asker): APIGatewayProxyStructuredResultV2 {
  return page(
    {
      statusCode: 202,
      tone: 'ask',
      title: 'Still connecting',
      content: [
        html`<p>Your sign-in is still being finished. This page reloads itself.</p>`,
        html`<p class="aside">It takes half a minute at most.</p>`,
      ],
      refreshSeconds: REFRESH_SECONDS,
    },
    asker,
  );
}
