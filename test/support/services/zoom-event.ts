import { createHmac } from 'node:crypto';
import type { Functions, RequestOptions } from './handlers.ts';
import { APP_PREFIX, type Services } from './services.ts';

export const WEBHOOK_SECRET = 'webhook-secret-of-the-tests';

/** Returns the headers with which Zoom signs a body. https://developers.zoom.us/docs/api/webhooks/ */
export function signedHeaders(body: string | Uint8Array, timestamp: number, secret = WEBHOOK_SECRET) {
  const hex = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex');
  return { 'x-zm-request-timestamp': String(timestamp), 'x-zm-signature': `v0=${hex}` };
}

/** Returns the body that Zoom sends when a user removes the app; `at` in epoch seconds. */
export const deauthorization = (userId: string, clientId: string, at: number) =>
  JSON.stringify({
    event: 'app_deauthorized',
    event_ts: at * 1000,
    payload: {
      account_id: 'an-account',
      user_id: userId,
      signature: '827edc3452044f0bc86bdd5684afb7d1e6becfa1a767f24df1b287853cf73000',
      deauthorization_time: new Date(at * 1000 + 632).toISOString(),
      client_id: clientId,
    },
  });

const EVENTS_URL = 'https://tokens.example.com/zoom/events';

/** Zoom's side of the webhook of the app `default`, whose secret is `WEBHOOK_SECRET` after `writeApp()`. */
export function createZoomSender(services: Services, functions: Functions) {
  const now = () => services.clock.now();
  const send = (body: string, options: RequestOptions = {}, by = functions, url = EVENTS_URL) =>
    by.visit(url, { method: 'POST', body, headers: signedHeaders(body, now()), ...options });

  return {
    now,
    send,
    /** Sends to the address of another app. */
    sendTo: (app: string, body: string) => send(body, {}, functions, `${EVENTS_URL}/${app}`),
    /** The event that the user removed the app; `at` in epoch seconds. */
    removal: (userId: string, at = now()) => deauthorization(userId, services.apps.user.client_id, at),
    /** Writes the app secret with these fields besides the credentials. */
    writeApp: (fields: object = { webhook_secret_token: WEBHOOK_SECRET }, app = 'default') =>
      services.writeSecret(`${APP_PREFIX}${app}`, JSON.stringify({ ...services.apps.user, ...fields })),
    async statusOf(connection: string) {
      const request = { action: 'status', connection };
      const { connections } = await functions.granted<{ connections: { status: string }[] }>(request);
      return connections[0]?.status;
    },
  };
}
