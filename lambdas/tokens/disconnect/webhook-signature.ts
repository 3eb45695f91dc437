import { createHmac, timingSafeEqual } from 'node:crypto';
import { assertName } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import type { ZoomApp } from '../vault.ts';

/** One delivery of Zoom's webhook as it was received. None of it is trusted before its signature is verified. */
export interface WebhookDelivery {
  /** The app whose secret must have signed it. The address names it, not the event. */
  app: string;
  /** The signed bytes of the body. */
  body: Uint8Array;
  /** `x-zm-signature` */
  signature: string | undefined;
  /** `x-zm-request-timestamp` */
  timestamp: string | undefined;
}

/** A Zoom app that can sign webhooks. */
export type SigningApp = ZoomApp & { webhookSecret: string };

/** Allowed difference between Zoom's timestamp and ours. An older delivery may be a replay. Zoom documents no number. */
const WINDOW_SECONDS = 5 * 60;

/**
 * Returns the app that has signed this delivery within the window; `undefined` if none has.
 * https://developers.zoom.us/docs/api/webhooks/#verify-webhook-events
 */
export async function verifySignature(
  { app, ...delivery }: WebhookDelivery,
  deps: Dependencies,
): Promise<SigningApp | undefined> {
  const [, hex] = /^v0=([0-9a-f]{64})$/.exec(delivery.signature ?? '') ?? [];
  const [timestamp] = /^\d{1,12}$/.exec(delivery.timestamp ?? '') ?? [];
  if (hex === undefined || timestamp === undefined) return undefined;
  if (Math.abs(deps.now() - Number(timestamp)) > WINDOW_SECONDS) return undefined;
  const signature = Buffer.from(hex, 'hex');
  // The cached secret first, then the one that the operator may just have written.
  for (const fresh of [false, 'sparingly'] as const) {
    const credentials = await signingApp(app, fresh, deps);
    if (!credentials) continue;
    const expected = createHmac('sha256', credentials.webhookSecret)
      .update(`v0:${timestamp}:`)
      .update(delivery.body)
      .digest();
    if (timingSafeEqual(signature, expected)) return credentials;
  }
  return undefined;
}

/**
 * Returns the app's credentials, `undefined` if it has no webhook secret. The second, fresh read logs why.
 * @throws {Failure} when the fresh read failed, so that nothing is known about the signature
 */
async function signingApp(
  app: string,
  fresh: false | 'sparingly',
  { vault, log }: Dependencies,
): Promise<SigningApp | undefined> {
  try {
    assertName('app', app);
    const { webhookSecret, ...credentials } = await vault.app(app, { fresh });
    if (webhookSecret !== undefined) return { ...credentials, webhookSecret };
    if (fresh) {
      log.warn(
        'Event refused: the app secret has no webhook_secret_token. Copy it from the Zoom App Marketplace (Feature, Event Subscriptions) into the app secret.',
        { app },
      );
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { class: failureClass, code, message, action } = toFailure(error);
    if (!fresh || failureClass === 'rejected') return undefined;
    // Zoom delivers an event again after a 5xx, and never after a 401.
    if (code !== 'secret_unusable' && code !== 'app_not_deployed') throw error;
    log.warn(`Event refused. ${message} ${action}`, { class: failureClass, code });
  }
  return undefined;
}
