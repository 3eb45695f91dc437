import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Dependencies } from '../tokens/dependencies.ts';
import { MAX_BODY_BYTES, receiveWebhook } from '../tokens/disconnect/zoom-webhook.ts';
import { Failure } from '../tokens/errors.ts';
import { deadlineOf, logFailure } from './middleware.ts';

/** `POST /zoom/events` for the app `default`, `POST /zoom/events/<app>` for another: a program reads the answer. */
export const eventsHandler =
  (load: () => Dependencies) =>
  async (event: APIGatewayProxyEventV2, context: Context): Promise<APIGatewayProxyStructuredResultV2> => {
    try {
      const runtime = load();
      const delivery = {
        app: event.pathParameters?.app ?? 'default',
        body: rawBody(event),
        // A header that came twice is one here, joined by a comma, and so no signature.
        signature: event.headers['x-zm-signature'],
        timestamp: event.headers['x-zm-request-timestamp'],
      };
      const { status, body } = await receiveWebhook(delivery, runtime, {
        deadline: deadlineOf(context, runtime.now()),
      });
      return answer(status, body);
    } catch (error) {
      logFailure(error);
      return answer(error instanceof Failure && error.class === 'retry' ? 503 : 500);
    }
  };

/** Cut one byte above what is taken: more is not decoded. */
function rawBody({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): Uint8Array {
  if (!isBase64Encoded) return Buffer.from(body);
  return Buffer.from(body.slice(0, Math.ceil((MAX_BODY_BYTES + 1) / 3) * 4), 'base64');
}

function answer(statusCode: number, body?: object): APIGatewayProxyStructuredResultV2 {
  const headers = { 'Cache-Control': 'no-store', ...(body && { 'Content-Type': 'application/json' }) };
  return { statusCode, headers, body: body ? JSON.stringify(body) : '' };
}
