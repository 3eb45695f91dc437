import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Failure, type FailureCode } from '../tokens/errors.ts';
import type { Asker } from '../tokens/operate/installation.ts';
import { type Html, html } from './html.ts';
import { contactAddress, eventAndAction, page } from './page-template.ts';

const TITLES: Partial<Record<FailureCode, string>> = {
  not_pressed: 'Open the link in a browser',
  ticket_missing: 'You need a link',
  ticket_invalid: 'This link does not work',
  ticket_expired: 'This link has expired',
  ticket_used: 'This link was already used',
  link_cancelled: 'This link was taken back',
  key_replaced: 'This link does not work any more',
  cookie_missing: 'Continue in the browser in which you began',
  consent_unknown: 'Continue in the browser in which you began',
  consent_expired: 'This sign-in page timed out',
  consent_interrupted: 'Your sign-in was interrupted',
  consent_declined: 'You declined at Zoom',
  state_mismatch: 'Continue in your other tab',
  overtaken: 'You are connected already',
  other_user: 'Sign in as another Zoom user',
  user_not_told: 'Zoom did not say who you are',
  user_pending: 'You are almost done',
  code_refused: 'Zoom refused your sign-in',
};

const STATUS: Partial<Record<FailureCode, number>> = {
  ticket_expired: 410,
  ticket_used: 410,
  link_cancelled: 410,
  key_replaced: 410,
  consent_expired: 410,
  consent_interrupted: 410,
  not_pressed: 403,
  consent_declined: 403,
  overtaken: 409,
  other_user: 409,
  user_not_told: 409,
  // A reload would spend the code again.
  user_pending: 202,
};

const STATUS_OF_CLASS = { rejected: 400, reconnect: 400, misconfigured: 500, retry: 503 } as const;

/** Seconds after which a browser may retry when Zoom gave no time. */
const RETRY_AFTER_SECONDS = 60;

/** Failures after which a new link is needed, so that the page offers to ask for one. */
const NEEDS_LINK = new Set<FailureCode>([
  ...(['ticket_missing', 'ticket_invalid', 'ticket_expired', 'ticket_used'] as const),
  ...(['link_cancelled', 'key_replaced', 'cookie_missing', 'consent_unknown'] as const),
  ...(['consent_expired', 'consent_interrupted', 'consent_declined'] as const),
  ...([
    'answer_invalid',
    'code_refused',
    'disconnected',
    'no_answer',
    'other_user',
    'user_not_told',
  ] as const),
]);

/**
 * Renders the page for an error: what happened in one paragraph, what to do in the next, and a button where one helps. An
 * error that is no `Failure` reveals nothing, nor does `environment`, which names the variables.
 */
export function errorPage(error: unknown, asker: Asker = {}): APIGatewayProxyStructuredResultV2 {
  if (error instanceof Failure && error.code !== 'environment') return failedPage(error, asker);
  return isRouterNotFound(error) ? notFoundPage(asker) : brokenPage(asker);
}

function failedPage(failure: Failure, asker: Asker): APIGatewayProxyStructuredResultV2 {
  const statusCode = STATUS[failure.code] ?? STATUS_OF_CLASS[failure.class];
  const title = TITLES[failure.code] ?? 'You are not connected yet';
  const response = page(
    {
      statusCode,
      tone: failure.class === 'rejected' || statusCode === 202 ? 'note' : 'bad',
      title,
      content: [
        ...eventAndAction(without(title, failure.message), failure.action),
        ...wayOn(failure.code, statusCode, asker),
      ],
    },
    asker,
  );
  if (statusCode !== 503) return response;
  const retryAfter = String(failure.retryAfter ?? RETRY_AFTER_SECONDS);
  return { ...response, headers: { ...response.headers, 'Retry-After': retryAfter } };
}

/** Returns the message without a first sentence that repeats the title. */
const without = (title: string, message: string): string =>
  message.startsWith(`${title}. `) ? message.slice(`${title}. `.length) : message;

/** Returns the button that leads on: the same address again, or a message to the operator. */
function wayOn(code: FailureCode, statusCode: number, { contact }: Asker): Html[] {
  // An empty address is the page's own. A link needs no script and no form.
  if (statusCode === 503) return [html`<div><a class="button" href="">Try again</a></div>`];
  if (contact === undefined || !NEEDS_LINK.has(code)) return [];
  const address = contactAddress(contact, 'A new link to connect Zoom');
  return [html`<div><a class="button" href="${address}">Ask for a new link</a></div>`];
}

/** Returns whether the error is the one of `@middy/http-router` for an unknown route. */
export const isRouterNotFound = (error: unknown) =>
  (error as { statusCode?: number } | null)?.statusCode === 404;

const notFoundPage = (asker: Asker) =>
  page(
    {
      statusCode: 404,
      tone: 'note',
      title: 'Page not found',
      content: eventAndAction(
        'There is no page at this address.',
        'Open the complete link. It may have been cut off.',
      ),
    },
    asker,
  );

const brokenPage = (asker: Asker) =>
  page(
    {
      statusCode: 500,
      tone: 'bad',
      title: 'Something went wrong',
      content: eventAndAction(
        'The request could not be completed.',
        'Ask your administrator whether the connection was made. The log of the callback function shows the cause.',
      ),
    },
    asker,
  );
