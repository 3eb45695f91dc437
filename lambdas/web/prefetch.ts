import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** Headers of a request that no person made: of Chromium, of older browsers and of Firefox, in that order. */
const HEADERS = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];

/**
 * Returns whether a browser fetches the page before a person asks for it: prefetch, prerender, or a preview.
 * https://fetch.spec.whatwg.org/#sec-purpose-header
 */
export const isPrefetch = ({ headers }: Pick<APIGatewayProxyEventV2, 'headers'>): boolean =>
  HEADERS.some((name) => /\b(prefetch|prerender|preview)\b/i.test(headers[name] ?? ''));

/** Returns an empty response, which no browser shows in place of the page. */
export const noContent = (): APIGatewayProxyStructuredResultV2 => ({
  statusCode: 204,
  headers: { 'Cache-Control': 'no-store' },
});
