import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { MAX_BODY_BYTES } from '../tokens/disconnect/max-body.ts';

/** Characters of a body of `MAX_BODY_BYTES` in base64, the longest form in which API Gateway passes one on. */
const MAX_BODY_CHARACTERS = Math.ceil(MAX_BODY_BYTES / 3) * 4;

/** Refuses a body that is longer than any request of Zoom or of a browser here, before anything reads it. */
export const refuseOversized = (): MiddlewareObj<
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2
> => ({
  before: ({ event }) =>
    (event.body?.length ?? 0) > MAX_BODY_CHARACTERS
      ? { statusCode: 413, headers: { 'Cache-Control': 'no-store' }, body: '' }
      : undefined,
});
