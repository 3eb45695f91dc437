import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Failure, type FailureCode } from '../tokens/errors.ts';
import { eventAndAction, page } from './page-template.ts';

const TITLES: Partial<Record<FailureCode, string>> = {
  ticket_missing: 'You need a personal link',
  ticket_invalid: 'This link does not work',
  ticket_expired: 'This link has expired',
  ticket_used: 'This link was already used',
  link_cancelled: 'This link was taken back',
  key_replaced: 'This link does not work any more',
  cookie_missing: 'This browser cannot continue',
  consent_unknown: 'This browser cannot continue',
  consent_expired: 'This sign-in timed out',
  consent_interrupted: 'This sign-in was interrupted',
  consent_declined: 'Declined at Zoom',
  state_mismatch: 'This sign-in belongs to another tab',
  overtaken: 'Already connected',
  other_user: 'A different Zoom user',
  user_not_told: 'Zoom did not identify you',
  user_pending: 'Almost connected',
  code_refused: 'Zoom refused the sign-in',
};

const STATUS: Partial<Record<FailureCode, number>> = {
  ticket_expired: 410,
  ticket_used: 410,
  link_cancelled: 410,
  key_replaced: 410,
  consent_expired: 410,
  consent_interrupted: 410,
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

/**
 * Renders the page for an error: what happened in one paragraph, what to do in the next. An error that is no `Failure`
 * reveals nothing, nor does `environment`, which names the variables.
 */
export function errorPage(error: unknown): APIGatewayProxyStructuredResultV2 {
  if (error instanceof Failure && error.code !== 'environment') return failedPage(error);
  return isRouterNotFound(error) ? notFoundPage() : brokenPage();
}

function failedPage(failure: Failure): APIGatewayProxyStructuredResultV2 {
  const statusCode = STATUS[failure.code] ?? STATUS_OF_CLASS[failure.class];
  const response = page({
    statusCode,
    tone: failure.class === 'rejected' || statusCode === 202 ? 'note' : 'bad',
    title: TITLES[failure.code] ?? 'Not connected',
    content: eventAndAction(failure.message, failure.action),
  });
  if (statusCode !== 503) return response;
  const retryAfter = String(failure.retryAfter ?? RETRY_AFTER_SECONDS);
  return { ...response, headers: { ...response.headers, 'Retry-After': retryAfter } };
}

/** Returns whether the error is the one of `@middy/http-router` for an unknown route. */
const isRouterNotFound = (error: unknown) => (error as { statusCode?: number } | null)?.statusCode === 404;

const notFoundPage = () =>
  page({
    statusCode: 404,
    tone: 'note',
    title: 'Page not found',
    content: eventAndAction(
      'There is no page at this address.',
      'Open the complete link. It may have been cut off.',
    ),
  });

const brokenPage = () =>
  page({
    statusCode: 500,
    tone: 'bad',
    title: 'Something went wrong',
    content: eventAndAction(
      'The request could not be completed.',
      'Ask your administrator whether the connection was made. The log of the callback function shows the cause.',
    ),
  });
