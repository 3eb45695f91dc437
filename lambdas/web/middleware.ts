import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import type { MiddlewareObj } from '@middy/core';
import httpSecurityHeaders from '@middy/http-security-headers';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { errorLocation, logger, metrics } from '../observability.ts';
import { Failure, toFailure } from '../tokens/errors.ts';
import { contentSecurityPolicy } from './html.ts';
import { errorPage } from './pages.ts';

/**
 * Every function's first middleware: the log knows the request. It is never given the event, not even where
 * POWERTOOLS_LOGGER_LOG_EVENT asks for it.
 */
export const withLogContext = () => injectLambdaContext(logger, { logEvent: false });

/** The domain keeps the function's deadline itself; middy's timer would only cut its last write short. */
export const OWN_DEADLINE = { timeoutEarlyInMillis: 0 };

/** Writes the metrics at the end of the request. */
export const withMetrics = () => logMetrics(metrics);

type Page = MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>;

/** Headers of every answer (RFC 9700: the callback's address holds a code, and must reach nobody else). */
export const pageHeaders = (): Page[] => [
  pagePolicy(),
  httpSecurityHeaders({
    contentSecurityPolicy: false,
    permissionsPolicy: false,
    reportTo: false,
    reportingEndpoints: false,
  }),
];

/** A page brings the policy that it needs; any other answer may do nothing. */
function pagePolicy(): Page {
  const set: Page['after'] = ({ response }) => {
    if (!response) return;
    response.headers = { 'Content-Security-Policy': contentSecurityPolicy(), ...response.headers };
  };
  return { after: set, onError: set };
}

/** A failure becomes a page that says what to do; what is unexpected stays private. */
export function failurePage(): Page {
  return {
    onError(request) {
      request.response = errorPage(request.error);
      logFailure(request.error);
    },
  };
}

export function logFailure(error: unknown): void {
  if (error instanceof Failure) {
    const { class: failureClass, code, message } = toFailure(error);
    logger.warn(message, { class: failureClass, code });
  } else {
    logger.error('unexpected', errorLocation(error));
  }
}

/** When the function will be stopped, epoch seconds. */
export function deadlineOf(context: Pick<Context, 'getRemainingTimeInMillis'>, now: number): number {
  return now + Math.floor(context.getRemainingTimeInMillis() / 1000);
}
