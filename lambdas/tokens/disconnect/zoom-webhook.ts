import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { assertName } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import type { ZoomApp } from '../vault.ts';
import { disconnectDeauthorized } from './disconnect.ts';

/** One delivery of Zoom's webhook, as it came over the wire. Nothing in it is true before its signature is. */
export interface WebhookDelivery {
  /** Whose secret must have signed it: told by the address that the event subscription has, not by the event. */
  app: string;
  /** The body as it was signed, byte for byte. */
  body: Uint8Array;
  /** `x-zm-signature` */
  signature: string | undefined;
  /** `x-zm-request-timestamp` */
  timestamp: string | undefined;
}

/** An HTTP answer; without a body where there is nothing that the sender needs to know. */
export interface WebhookResponse {
  status: 200 | 400 | 401 | 413;
  body?: Record<string, string>;
}

/** So far may a delivery's time be from ours, to either side: what is older may be a replay. Zoom names no number. */
const WINDOW_SECONDS = 5 * 60;
/** Zoom's events have a few hundred bytes. */
export const MAX_BODY_BYTES = 64 * 1024;

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
 * Takes one delivery. A repetition of it changes nothing.
 * https://developers.zoom.us/docs/api/webhooks/
 * @throws {Failure} `retry` when it cannot be acted upon now: Zoom delivers it again
 */
export async function receiveWebhook(
  delivery: WebhookDelivery,
  deps: Dependencies,
  { deadline }: { deadline: number },
): Promise<WebhookResponse> {
  if (delivery.body.length > MAX_BODY_BYTES) return { status: 413 };
  const app = await verified(delivery, deps);
  if (!app) return { status: 401 };
  const json = parseJson(delivery.body);
  const event = v.safeParse(Event, json);
  if (!event.success) return { status: 400 };

  if (event.output.event === 'endpoint.url_validation') {
    const challenge = v.safeParse(UrlValidation, json);
    if (!challenge.success) return { status: 400 };
    // Answered to whoever knows the secret alone: this signs what the sender chooses.
    const { plainToken } = challenge.output.payload;
    const encryptedToken = createHmac('sha256', app.webhookSecret).update(plainToken).digest('hex');
    return { status: 200, body: { plainToken, encryptedToken } };
  }
  // Whatever else an operator subscribed to is taken and left.
  if (event.output.event !== 'app_deauthorized') return { status: 200 };
  const deauthorized = v.safeParse(AppDeauthorized, json);
  if (!deauthorized.success) return { status: 400 };
  const { user_id, deauthorization_time, client_id } = deauthorized.output.payload;
  if (client_id !== app.clientId) {
    // Zoom gives an app one secret for its events and two client ids: for development and for production.
    deps.log.warn('A deauthorization of another client id was left alone.', { app: delivery.app });
    return { status: 200 };
  }
  const at = Math.min(Math.floor(Date.parse(deauthorization_time) / 1000), deps.now());
  await deauthorize(delivery.app, user_id, at, deps, deadline);
  return { status: 200 };
}

async function deauthorize(
  app: string,
  zoomUserId: string,
  at: number,
  deps: Dependencies,
  deadline: number,
): Promise<void> {
  const { store, log } = deps;
  const connection = await store.claimant(app, zoomUserId);
  const item = connection === undefined ? undefined : await store.get(connection);
  if (item?.zoomUserId !== zoomUserId || item.app !== app) {
    log.info('A user who has no connection here removed the app at Zoom.', { app });
    return;
  }
  const ended = await disconnectDeauthorized(item, at, deps, deadline);
  if (ended) log.warn('Disconnected: the user removed the app at Zoom.', { connection, app });
  else
    log.info('A deauthorization changed nothing: done before, or the consent is newer.', { connection, app });
}

type SigningApp = ZoomApp & { webhookSecret: string };

/** The app whose secret has signed this delivery, within the window; `undefined` for every other. */
async function verified(
  { app, ...delivery }: WebhookDelivery,
  deps: Dependencies,
): Promise<SigningApp | undefined> {
  const [, hex] = /^v0=([0-9a-f]{64})$/.exec(delivery.signature ?? '') ?? [];
  const [timestamp] = /^\d{1,12}$/.exec(delivery.timestamp ?? '') ?? [];
  if (hex === undefined || timestamp === undefined) return undefined;
  if (Math.abs(deps.now() - Number(timestamp)) > WINDOW_SECONDS) return undefined;
  const signature = Buffer.from(hex, 'hex');
  // Remembered first; what fails is tried with what the operator may just have written.
  for (const fresh of [false, true]) {
    const credentials = await credentialsOf(app, fresh, deps);
    if (!credentials) continue;
    const expected = createHmac('sha256', credentials.webhookSecret)
      .update(`v0:${timestamp}:`)
      .update(delivery.body)
      .digest();
    if (timingSafeEqual(signature, expected)) return credentials;
  }
  return undefined;
}

async function credentialsOf(
  app: string,
  fresh: boolean,
  { vault, log }: Dependencies,
): Promise<SigningApp | undefined> {
  try {
    assertName('app', app);
    const { webhookSecret, ...credentials } = await vault.app(app, { fresh });
    if (webhookSecret !== undefined) return { ...credentials, webhookSecret };
    if (fresh) {
      log.warn(
        'An event was refused: the app secret has no webhook_secret_token. Copy it from the Zoom App Marketplace (Feature, Event Subscriptions) into the app secret.',
        { app },
      );
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { class: failureClass, code, message, action } = toFailure(error);
    // What is no name at all is not repeated in the log.
    if (fresh && failureClass !== 'rejected')
      log.warn(`An event was refused. ${message} ${action}`, { class: failureClass, code });
  }
  return undefined;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
