import { createHmac } from 'node:crypto';
import * as v from 'valibot';
import { parseJson } from '../apis/http.ts';
import type { CallbackDependencies } from '../dependencies.ts';
import { disconnectDeauthorized } from './deauthorized.ts';
import { MAX_BODY_BYTES } from './max-body.ts';
import { type SigningApp, verifySignature, type WebhookDelivery } from './webhook-signature.ts';

/** An HTTP response. It has no body if the sender needs to know nothing more. */
export interface WebhookResponse {
  status: 200 | 400 | 401 | 413;
  body?: Record<string, string>;
}

const TAKEN: WebhookResponse = { status: 200 };
const BAD_REQUEST: WebhookResponse = { status: 400 };

const Event = v.object({ event: v.string() });
const UrlValidation = v.object({ payload: v.object({ plainToken: v.pipe(v.string(), v.nonEmpty()) }) });
const AppDeauthorized = v.object({
  payload: v.object({
    user_id: v.pipe(v.string(), v.nonEmpty()),
    deauthorization_time: v.pipe(
      v.string(),
      v.check((text) => !Number.isNaN(Date.parse(text))),
    ),
    client_id: v.string(),
  }),
});

/**
 * Receives one delivery of Zoom's webhook. A repetition changes nothing.
 * https://developers.zoom.us/docs/api/webhooks/
 * @throws {Failure} `retry` when a step holds the connection: Zoom delivers the event again
 */
export async function receiveWebhook(
  delivery: WebhookDelivery,
  deps: CallbackDependencies,
  { deadline }: { deadline: number },
): Promise<WebhookResponse> {
  if (delivery.body.length > MAX_BODY_BYTES) return { status: 413 };
  const app = await verifySignature(delivery, deps);
  if (!app) return { status: 401 };
  const json = parseJson(decodeUtf8(delivery.body));
  const event = v.safeParse(Event, json);
  if (!event.success) return BAD_REQUEST;
  switch (event.output.event) {
    case 'endpoint.url_validation':
      return validateUrl(json, app);
    case 'app_deauthorized':
      return receiveDeauthorization(json, { ...app, name: delivery.app }, deps, deadline);
    default:
      // The operator may have subscribed to more events.
      return TAKEN;
  }
}

/**
 * Responds to Zoom's challenge. Only a sender that knows the secret gets a response, because it signs the sender's text.
 * https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint
 */
function validateUrl(json: unknown, { webhookSecret }: SigningApp): WebhookResponse {
  const challenge = v.safeParse(UrlValidation, json);
  if (!challenge.success) return BAD_REQUEST;
  const { plainToken } = challenge.output.payload;
  const encryptedToken = createHmac('sha256', webhookSecret).update(plainToken).digest('hex');
  return { status: 200, body: { plainToken, encryptedToken } };
}

async function receiveDeauthorization(
  json: unknown,
  { name, clientId }: SigningApp & { name: string },
  deps: CallbackDependencies,
  deadline: number,
): Promise<WebhookResponse> {
  const deauthorized = v.safeParse(AppDeauthorized, json);
  if (!deauthorized.success) return BAD_REQUEST;
  const { user_id, deauthorization_time, client_id } = deauthorized.output.payload;
  if (client_id !== clientId && !(await isCurrentClientId(client_id, name, deps))) {
    // Zoom gives an app one webhook secret and two client ids: for development and for production.
    deps.log.warn('Event ignored: the deauthorization names another client id.', { app: name });
    return TAKEN;
  }
  const at = Math.min(Math.floor(Date.parse(deauthorization_time) / 1000), deps.now());
  await deauthorize(name, user_id, at, deps, deadline);
  return TAKEN;
}

/** Returns whether the app secret has this client id by now: the operator may just have replaced it. */
async function isCurrentClientId(
  clientId: string,
  app: string,
  { vault }: CallbackDependencies,
): Promise<boolean> {
  return (await vault.appThat(app, (credentials) => credentials.clientId === clientId)) !== undefined;
}

async function deauthorize(
  app: string,
  zoomUserId: string,
  at: number,
  deps: CallbackDependencies,
  deadline: number,
): Promise<void> {
  const { store, log } = deps;
  const connection = await store.claimant(app, zoomUserId);
  const item = connection === undefined ? undefined : await store.get(connection);
  if (item?.zoomUserId !== zoomUserId || item.app !== app) {
    log.info('Event ignored: the user who removed the app at Zoom has no connection here.', { app });
    return;
  }
  const ended = await disconnectDeauthorized(item, at, deps, deadline);
  if (ended) log.warn('Disconnected: the user removed the app at Zoom.', { connection, app });
  else {
    log.info('Event ignored: the connection is already disconnected, or its consent is newer.', {
      connection,
      app,
    });
  }
}

/** Returns the text, or an empty one, which is no JSON either, for bytes that are not UTF-8. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return '';
  }
}
