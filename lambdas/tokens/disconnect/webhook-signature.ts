import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CallbackDependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { assertName } from '../names.ts';
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
  deps: CallbackDependencies,
): Promise<SigningApp | undefined> {
  const [, hex] = /^v0=([0-9a-f]{64})$/.exec(delivery.signature ?? '') ?? [];
  const [timestamp] = /^\d{1,12}$/.exec(delivery.timestamp ?? '') ?? [];
  if (hex === undefined || timestamp === undefined) return undefined;
  if (Math.abs(deps.now() - Number(timestamp)) > WINDOW_SECONDS) return undefined;
  return findSigner(app, deps, (secret) => {
    const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(delivery.body);
    return timingSafeEqual(Buffer.from(hex, 'hex'), hmac.digest());
  });
}

/**
 * Returns the app if `isSignedWith` accepts its webhook secret. Logs why an app can accept no event.
 * @throws {Failure} when the secret could not be read, so that nothing is known about the signature
 */
async function findSigner(
  app: string,
  { vault, log }: CallbackDependencies,
  isSignedWith: (webhookSecret: string) => boolean,
): Promise<SigningApp | undefined> {
  let hasSecret = true;
  const fits = ({ webhookSecret }: ZoomApp) => {
    hasSecret = webhookSecret !== undefined;
    return webhookSecret !== undefined && isSignedWith(webhookSecret);
  };
  try {
    assertName('app', app);
    const credentials = await vault.appThat(app, fits);
    if (credentials?.webhookSecret !== undefined) {
      return { ...credentials, webhookSecret: credentials.webhookSecret };
    }
    if (!hasSecret) {
      log.warn(
        'Event refused: the app secret has no webhook_secret_token. Copy it from the Zoom App Marketplace (Feature, Event Subscriptions) into the app secret.',
        { app },
      );
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { class: failureClass, code, message, action } = toFailure(error);
    if (failureClass === 'rejected') return undefined;
    // Zoom delivers an event again after a 5xx, and never after a 401.
    if (code !== 'secret_unusable' && code !== 'app_not_deployed') throw error;
    log.warn(`Event refused. ${message} ${action}`, { class: failureClass, code });
  }
  return undefined;
}
