import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { users } from '../../../local/zoom/users.ts';
import { createFunctions, type RequestOptions } from '../../support/services/handlers.ts';
import { takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';
import { createZoomSender } from '../../support/services/zoom-sender.ts';
import { signedHeaders, WEBHOOK_SECRET } from '../../support/zoom-event.ts';

const ADA = users[0]?.id ?? '';
const GRACE = users[1]?.id ?? '';
const BIG = 64 * 1024;

// Nothing here is connected, so no test changes what another one sees but the app secret, which is written for each.
let services: Services;
let functions: ReturnType<typeof createFunctions>;
let zoom: ReturnType<typeof createZoomSender>;
beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.close());
beforeEach(async () => {
  functions = createFunctions(services);
  zoom = createZoomSender(services, functions);
  await zoom.writeApp();
  takeOutput();
});

describe("Zoom's URL validation", () => {
  const challenge = JSON.stringify({
    event: 'endpoint.url_validation',
    event_ts: 1,
    payload: { plainToken: 'a plain token' },
  });

  test('gets a response with the token, plain and signed', async () => {
    const response = await zoom.send(challenge);
    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toBe('application/json');
    const encryptedToken = createHmac('sha256', WEBHOOK_SECRET).update('a plain token').digest('hex');
    expect(JSON.parse(response.body)).toEqual({ plainToken: 'a plain token', encryptedToken });
  });

  test('signs nothing for a stranger', async () => {
    const response = await zoom.send(challenge, { headers: signedHeaders(challenge, zoom.now(), 'a guess') });
    expect(response).toMatchObject({ status: 401, body: '' });
  });

  test('is verified with a secret that the operator has just replaced', async () => {
    await zoom.send(challenge);
    await zoom.writeApp({ webhook_secret_token: 'another-webhook-secret' });
    const headers = signedHeaders(challenge, zoom.now(), 'another-webhook-secret');
    expect((await zoom.send(challenge, { headers })).status).toBe(200);
  });
});

describe('a body that API Gateway has encoded in base64', () => {
  const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken: 'größer' } });

  test('is verified by its bytes', async () => {
    const encoded = { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
    const response = await zoom.send(body, encoded);
    expect(response.status).toBe(200);
    expect(JSON.parse(response.body)).toMatchObject({ plainToken: 'größer' });
  });

  test('is refused when API Gateway does not mark it as encoded', async () => {
    const encoded = Buffer.from(body).toString('base64');
    expect((await zoom.send(body, { body: encoded })).status).toBe(401);
  });

  test.each([false, true])('is refused when it exceeds 64 kB (encoded: %s)', async (isBase64Encoded) => {
    const big = 'x'.repeat(BIG + 1);
    const sent = isBase64Encoded ? Buffer.from(big).toString('base64') : big;
    expect(await zoom.send(big, { body: sent, isBase64Encoded })).toMatchObject({ status: 413, body: '' });
  });
});

describe('a signed event gets a 5xx, so that Zoom delivers it again,', () => {
  const APP = 'zoom-token-refresher/app/default';
  afterEach(() => {
    services.denied.clear();
    services.switches.kmsKey = 'usable';
  });

  test.each<[string, string, () => void]>([
    [
      'the function is not allowed to read the app secret',
      'secret_denied',
      () => {
        services.denied.add(`GetSecretValue ${APP}`);
      },
    ],
    [
      'the KMS key is disabled',
      'kms_unusable',
      () => {
        services.switches.kmsKey = 'disabled';
      },
    ],
  ])('while %s, and the log has the code %s', async (_, code, breakIt) => {
    breakIt();
    expect(await zoom.send(zoom.removal(ADA))).toMatchObject({ status: 500, body: '' });
    expect(takeOutput().join('')).toContain(code);
  });
});

describe('an event that Zoom did not sign gets 401 and an empty body', () => {
  const good = () => signedHeaders(zoom.removal(ADA), zoom.now());
  const signedAt = (timestamp: number) => ({ headers: signedHeaders(zoom.removal(ADA), timestamp) });
  const signedWith = (secret: string) => ({
    headers: signedHeaders(zoom.removal(ADA), zoom.now(), secret),
  });
  const withSignature = (change: (signature: string) => string) => ({
    headers: { ...good(), 'x-zm-signature': change(good()['x-zm-signature']) },
  });
  const twice = (name: 'x-zm-signature' | 'x-zm-request-timestamp') => ({
    headers: { ...good(), [name]: `${good()[name]},${good()[name]}` },
  });

  test.each<[string, () => Partial<RequestOptions>]>([
    ['no headers', () => ({ headers: {} })],
    ['no signature', () => ({ headers: { 'x-zm-request-timestamp': String(zoom.now()) } })],
    ['no timestamp', () => ({ headers: { 'x-zm-signature': good()['x-zm-signature'] } })],
    ['a signature with another secret', () => signedWith('a guess')],
    ['a signature with an empty secret', () => signedWith('')],
    ['another body', () => ({ body: zoom.removal(GRACE) })],
    ['no body', () => ({ body: '' })],
    [
      'another timestamp than was signed',
      () => ({ headers: { ...good(), 'x-zm-request-timestamp': String(zoom.now() + 1) } }),
    ],
    ['a timestamp 301 seconds ago', () => signedAt(zoom.now() - 301)],
    ['a timestamp 301 seconds ahead', () => signedAt(zoom.now() + 301)],
    ['two signatures', () => twice('x-zm-signature')],
    ['two timestamps', () => twice('x-zm-request-timestamp')],
    ['a signature in capitals', () => withSignature((signature) => signature.toUpperCase())],
    ['a truncated signature', () => withSignature((signature) => signature.slice(0, -2))],
    ['a signature of another scheme', () => withSignature((signature) => signature.replace('v0', 'v1'))],
    ['a timestamp that is no number', () => signedAt(Number.NaN)],
  ])('with %s', async (_, changed) => {
    const before = await services.contents();
    const response = await zoom.send(zoom.removal(ADA), changed());
    expect(response).toMatchObject({ status: 401, body: '', cookies: [] });
    expect(await services.contents()).toEqual(before);
  });

  test.each(['unknown', 'No-Name', '__proto__'])('at the address of the app "%s"', async (app) => {
    expect(await zoom.sendTo(app, zoom.removal(ADA))).toMatchObject({ status: 401, body: '' });
  });

  test.each([
    ['is absent', {}],
    ['is empty', { webhook_secret_token: '' }],
  ])('when the webhook secret %s, and the log says what to do', async (_, fields) => {
    await zoom.writeApp(fields);
    const body = zoom.removal(ADA);
    for (const secret of [WEBHOOK_SECRET, '', 'undefined']) {
      const headers = signedHeaders(body, zoom.now(), secret);
      expect(await zoom.send(body, { headers })).toMatchObject({ status: 401, body: '' });
    }
    expect(takeOutput().join('')).toContain('Copy it from the Zoom App Marketplace');
  });
});

test('a timestamp may differ by five minutes to either side', async () => {
  for (const offset of [-300, 300]) {
    const body = zoom.removal('nobody');
    expect((await zoom.send(body, { headers: signedHeaders(body, zoom.now() + offset) })).status).toBe(200);
  }
});

describe('a signed body that makes no sense gets 400 and an empty body', () => {
  const payload = {
    user_id: ADA,
    client_id: 'user_app-id',
    deauthorization_time: '2030-01-01T00:00:00.000Z',
  };
  const event = (changed: object) =>
    JSON.stringify({ event: 'app_deauthorized', payload: { ...payload, ...changed } });
  test.each([
    ['truncated JSON', '{"event":'],
    ['a lone surrogate', '\ud800'],
    ['a string', '"app_deauthorized"'],
    ['null', 'null'],
    ['no event', '{}'],
    ['a challenge without a token', '{"event":"endpoint.url_validation","payload":{}}'],
    ['a challenge with a number', '{"event":"endpoint.url_validation","payload":{"plainToken":1}}'],
    ['a deauthorization without a payload', '{"event":"app_deauthorized"}'],
    ['a deauthorization without a user', event({ user_id: undefined })],
    ['a deauthorization of a list of users', event({ user_id: [ADA] })],
    ['a deauthorization without a valid time', event({ deauthorization_time: 'soon' })],
  ])('with %s', async (_, body) => {
    expect(await zoom.send(body)).toMatchObject({ status: 400, body: '' });
  });

  test('with bytes that are not UTF-8', async () => {
    const bytes = Buffer.from('{"event":"\xff"}', 'latin1');
    const sent = { body: bytes.toString('base64'), isBase64Encoded: true };
    const headers = signedHeaders(bytes, zoom.now());
    expect(await zoom.send('', { ...sent, headers })).toMatchObject({ status: 400, body: '' });
  });
});

test('an event of another kind gets 200 and changes nothing', async () => {
  const before = await services.contents();
  const response = await zoom.send('{"event":"meeting.started","payload":{}}');
  expect(response).toMatchObject({ status: 200, body: '' });
  expect(await services.contents()).toEqual(before);
});

test('a browser that opens the address of the events gets 404', async () => {
  expect((await functions.visit('https://tokens.example.com/zoom/events')).status).toBe(404);
});
