import { createHmac } from 'node:crypto';

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
