import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { DEFAULT_APP } from '../contract.ts';
import type { CallbackDependencies } from '../tokens/dependencies.ts';
import { MAX_BODY_BYTES } from '../tokens/disconnect/max-body.ts';
import { receiveWebhook } from '../tokens/disconnect/zoom-webhook.ts';
import { Failure } from '../tokens/errors.ts';
import { deadlineOf, logFailure } from './middleware.ts';

/**
 * Receives Zoom's webhooks: `POST /zoom/events` for the app `default`, `POST /zoom/events/<app>` for another.
 * Its responses are for a program, so an error has a status and no page.
 */
export async function receiveEvent(
  event: APIGatewayProxyEventV2,
  context: Context,
  load: () => CallbackDependencies | Promise<CallbackDependencies>,
): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    const runtime = await load();
    const { status, body } = await receiveWebhook(deliveryFrom(event), runtime, {
      deadline: deadlineOf(context, runtime.now()),
    });
    return jsonResponse(status, body);
  } catch (error) {
    logFailure(error);
    return jsonResponse(error instanceof Failure && error.class === 'retry' ? 503 : 500);
  }
}

const deliveryFrom = (event: APIGatewayProxyEventV2) => ({
  app: event.pathParameters?.app ?? DEFAULT_APP,
  body: rawBody(event),
  // API Gateway joins a repeated header with commas, so it is no valid signature.
  signature: event.headers['x-zm-signature'],
  timestamp: event.headers['x-zm-request-timestamp'],
});

/** Returns the body's bytes. Decodes at most one byte more than the limit, which is enough to refuse the body. */
function rawBody({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): Uint8Array {
  if (!isBase64Encoded) return Buffer.from(body);
  return Buffer.from(body.slice(0, Math.ceil((MAX_BODY_BYTES + 1) / 3) * 4), 'base64');
}

function jsonResponse(statusCode: number, body?: object): APIGatewayProxyStructuredResultV2 {
  const headers = { 'Cache-Control': 'no-store', ...(body && { 'Content-Type': 'application/json' }) };
  return { statusCode, headers, body: body ? JSON.stringify(body) : '' };
}
