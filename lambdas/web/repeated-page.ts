import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { RepeatedConsent } from '../tokens/consent/repeated-consent.ts';
import { COPY, pasteInstructions, renewedPage } from './connected-page.ts';
import { html } from './html.ts';
import { page } from './page-template.ts';

/** Seconds after which the page of an unfinished consent reloads itself. */
const REFRESH_SECONDS = 2;

/** Renders the page for a request that repeats an earlier one: what became of that one. */
export function repeatedPage(repeated: RepeatedConsent): APIGatewayProxyStructuredResultV2 {
  if (repeated.repeated === 'in_progress') return progressPage();
  const { connection, requested } = repeated;
  if (connection !== requested) return renewedPage(connection, requested);
  return page({
    statusCode: 200,
    tone: 'good',
    title: `“${connection}” is connected`,
    content: [
      html`<p>You're already done: "${connection}" is connected. You can close this tab.</p>`,
      ...pasteInstructions(connection),
    ],
    script: COPY,
  });
}

function progressPage(): APIGatewayProxyStructuredResultV2 {
  return page({
    statusCode: 202,
    tone: 'ask',
    title: 'Still connecting',
    content: [
      html`<p>Your sign-in is still being finished. This page reloads itself.</p>`,
      html`<p class="aside">It takes half a minute at most.</p>`,
    ],
    refreshSeconds: REFRESH_SECONDS,
  });
}
