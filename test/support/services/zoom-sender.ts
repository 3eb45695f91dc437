import { deauthorization, signedHeaders, WEBHOOK_SECRET } from '../zoom-event.ts';
import type { Functions, RequestOptions } from './handlers.ts';
import { APP_PREFIX, type Services } from './services.ts';

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
