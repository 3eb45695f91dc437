import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import type { MiddlewareObj } from '@middy/core';
import httpSecurityHeaders from '@middy/http-security-headers';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { errorLocation, logger, metrics, setInvocation } from '../observability.ts';
import { Failure, toFailure } from '../tokens/errors.ts';
import type { Asker } from '../tokens/operate/installation.ts';
import { errorPage, isRouterNotFound } from './error-page.ts';
import { contentSecurityPolicy } from './html.ts';

/**
 * Adds the request's ids to every log line and to what is noted in a history. It never logs the event, not even if
 * POWERTOOLS_LOGGER_LOG_EVENT is set.
 */
export const withLogContext = (): MiddlewareObj[] => [
  injectLambdaContext(logger, { logEvent: false }),
  {
    before({ context: { functionName, awsRequestId } }) {
      setInvocation({ functionName, requestId: awsRequestId });
    },
  },
];

/** Switches off middy's timer, which could interrupt the last write. The domain observes the deadline itself. */
export const OWN_DEADLINE = { timeoutEarlyInMillis: 0 };

/** Writes the metrics at the end of the request. */
export const withMetrics = () => logMetrics(metrics);

type Page = MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>;

/**
 * Sets the security headers of every response. The address of the callback contains a code, which no other site may
 * receive (RFC 9700, section 4.2.4).
 */
export const pageHeaders = (): Page[] => [
  pagePolicy(),
  httpSecurityHeaders({
    contentSecurityPolicy: false,
    permissionsPolicy: false,
    reportTo: false,
    reportingEndpoints: false,
  }),
];

/** Adds the strictest policy to every response that has none of its own. */
function pagePolicy(): Page {
  const set: Page['after'] = ({ response }) => {
    if (!response) return;
    response.headers = { 'Content-Security-Policy': contentSecurityPolicy(), ...response.headers };
  };
  return { after: set, onError: set };
}

/**
 * Turns a failure into a page that says what to do. The page reveals nothing of an unexpected error.
 * @param askerOf returns who asks, for the page
 */
export function failurePage(askerOf: () => Promise<Asker>): Page {
  return {
    async onError(request) {
      request.response = errorPage(request.error, await askerOf());
      // Strangers try addresses at any time. The address itself may be a link that was cut.
      if (isRouterNotFound(request.error)) logger.info('there is no page at this address');
      else logFailure(request.error);
    },
  };
}

/** Logs a failure by its message, class and code, and an unexpected error by its name and location. */
export function logFailure(error: unknown): void {
  if (error instanceof Failure) {
    const { class: failureClass, code, message } = toFailure(error);
    logger.warn(message, { class: failureClass, code });
  } else {
    logger.error('unexpected error', errorLocation(error));
  }
}

/** Returns when Lambda stops the function, epoch seconds. */
export function deadlineOf(context: Pick<Context, 'getRemainingTimeInMillis'>, now: number): number {
  return now + Math.floor(context.getRemainingTimeInMillis() / 1000);
}
