import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { users } from '../../../local/zoom/users.ts';
import { createFunctions, type RequestOptions } from '../../support/services/handlers.ts';
import { takeOutput } from '../../support/services/output.ts';
import { APP_PREFIX, type Services, startServices } from '../../support/services/services.ts';
import { deauthorization, signedHeaders, WEBHOOK_SECRET } from '../../support/services/zoom-event.ts';

const ADA = users[0]?.id ?? '';
const GRACE = users[1]?.id ?? '';
const BIG = 64 * 1024;

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeAll(async () => {
  services = await startServices();
  functions = createFunctions(services);
  await writeApp({ webhook_secret_token: WEBHOOK_SECRET });
});
afterAll(() => services.close());
beforeEach(() => {
  takeOutput();
});

const writeApp = (more: object) =>
  services.writeSecret(`${APP_PREFIX}default`, JSON.stringify({ ...services.apps.user, ...more }));
const now = () => services.clock.now();
const post = (body: string, options: RequestOptions = {}, path = '/zoom/events') =>
  functions.visit(`https://tokens.example.com${path}`, {
    method: 'POST',
    body,
    headers: signedHeaders(body, now()),
    ...options,
  });
const gone = (userId: string, at = now()) => deauthorization(userId, services.apps.user.client_id, at);
const status = async (connection: string) => {
  const { connections } = await functions.granted<{ connections: { status: string }[] }>({
    action: 'status',
    connection,
  });
  return connections[0]?.status;
};

describe("Zoom's challenge", () => {
  const challenge = JSON.stringify({
    event: 'endpoint.url_validation',
    event_ts: 1,
    payload: { plainToken: 'a plain token' },
  });

  test('is answered with the token, plain and signed', async () => {
    const answer = await post(challenge);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    const encryptedToken = createHmac('sha256', WEBHOOK_SECRET).update('a plain token').digest('hex');
    expect(JSON.parse(answer.body)).toEqual({ plainToken: 'a plain token', encryptedToken });
  });

  test('is not answered to a stranger: it would sign whatever the stranger likes', async () => {
    const answer = await post(challenge, { headers: signedHeaders(challenge, now(), 'a guess') });
    expect(answer).toMatchObject({ status: 401, body: '' });
  });

  test('is answered with the secret that the operator has just written', async () => {
    await post(challenge);
    await writeApp({ webhook_secret_token: 'another-webhook-secret' });
    const headers = signedHeaders(challenge, now(), 'another-webhook-secret');
    expect((await post(challenge, { headers })).status).toBe(200);
    await writeApp({ webhook_secret_token: WEBHOOK_SECRET });
  });
});

describe('a user who removes the app at Zoom', () => {
  test('is disconnected: no token published, none stored; a repetition changes nothing', async () => {
    await functions.connect('ada', { user: users[0]?.display_name });
    services.clock.advance(60);
    expect(await post(gone(ADA))).toMatchObject({ status: 200, body: '' });
    expect(await status('ada')).toBe('disconnected');
    await expect(services.published('ada')).rejects.toThrow('marked for deletion');
    const before = await services.contents();
    services.clock.advance(60);
    expect((await post(gone(ADA, now() - 60))).status).toBe(200);
    expect(await services.contents()).toEqual(before);
  });

  test('and has consented again since stays connected', async () => {
    const removedAt = now();
    services.clock.advance(10);
    await functions.connect('ada', { user: users[0]?.display_name });
    expect((await post(gone(ADA, removedAt))).status).toBe(200);
    expect(await status('ada')).toBe('active');
  });

  test('whose connection a step holds is told to Zoom as not yet done: it delivers again', async () => {
    services.clock.advance(60);
    const lease = { owner: 'a step', now: now(), until: now() + 180, early: true };
    await functions.runtime.store.lease('ada', lease);
    const body = gone(ADA);
    expect(await post(body)).toMatchObject({ status: 503, body: '' });
    expect(await status('ada')).toBe('active');
    services.clock.advance(300);
    expect((await post(body)).status).toBe(200);
    expect(await status('ada')).toBe('disconnected');
  });

  test('and whose secret could not be deleted is finished by the next delivery', async () => {
    await functions.connect('ada', { user: users[0]?.display_name });
    services.clock.advance(60);
    services.denied.add('DeleteSecret n8n_zoom_ada');
    const body = gone(ADA);
    expect((await post(body)).status).toBe(500);
    services.denied.clear();
    expect((await post(body)).status).toBe(200);
    await expect(services.published('ada')).rejects.toThrow('marked for deletion');
  });

  test('and has no connection here is taken note of', async () => {
    expect((await post(gone('nobody'))).status).toBe(200);
    expect(takeOutput().join('')).toContain('no connection here');
  });

  test('of another client id has not left this app', async () => {
    await functions.connect('grace', { user: users[1]?.display_name });
    services.clock.advance(60);
    expect((await post(deauthorization(GRACE, 'the-development-client', now()))).status).toBe(200);
    expect(await status('grace')).toBe('active');
  });

  test('is told by the address of the app whose user it is', async () => {
    await writeApp({ webhook_secret_token: WEBHOOK_SECRET });
    const copy = { ...services.apps.user, webhook_secret_token: WEBHOOK_SECRET };
    await services.writeSecret(`${APP_PREFIX}other`, JSON.stringify(copy));
    expect((await post(gone(GRACE), {}, '/zoom/events/other')).status).toBe(200);
    expect(await status('grace')).toBe('active');
    expect((await post(gone(GRACE), {}, '/zoom/events/default')).status).toBe(200);
    expect(await status('grace')).toBe('disconnected');
  });

  test('leaves no more in the log than connection and app', async () => {
    await post(gone('nobody'));
    await post(gone('nobody'), { headers: signedHeaders('another body', now()) });
    const logged = takeOutput().join('');
    expect(logged).toMatch(/"app":\s*"default"/);
    for (const secret of ['nobody', WEBHOOK_SECRET, 'an-account', '827edc', services.apps.user.client_id]) {
      expect(logged).not.toContain(secret);
    }
  });
});

describe('a body that API Gateway encoded', () => {
  const body = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken: 'größer' } });

  test('is verified by its bytes', async () => {
    const encoded = { body: Buffer.from(body).toString('base64'), isBase64Encoded: true };
    const answer = await post(body, encoded);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ plainToken: 'größer' });
  });

  test('is no event while it is encoded', async () => {
    const encoded = Buffer.from(body).toString('base64');
    expect((await post(body, { body: encoded })).status).toBe(401);
  });

  test.each([false, true])('of more than 64 kB is not read (encoded: %s)', async (isBase64Encoded) => {
    const big = 'x'.repeat(BIG + 1);
    const sent = isBase64Encoded ? Buffer.from(big).toString('base64') : big;
    expect(await post(big, { body: sent, isBase64Encoded })).toMatchObject({ status: 413, body: '' });
  });
});

describe('what is not signed by Zoom gets 401 and nothing else', () => {
  const good = () => signedHeaders(gone(ADA), now());
  test.each<[string, () => Partial<RequestOptions>]>([
    ['no headers', () => ({ headers: {} })],
    ['no signature', () => ({ headers: { 'x-zm-request-timestamp': String(now()) } })],
    ['no timestamp', () => ({ headers: { 'x-zm-signature': good()['x-zm-signature'] } })],
    ['another secret', () => ({ headers: signedHeaders(gone(ADA), now(), 'a guess') })],
    ['an empty secret', () => ({ headers: signedHeaders(gone(ADA), now(), '') })],
    ['another body', () => ({ body: gone(GRACE) })],
    ['no body', () => ({ body: '' })],
    [
      'another time than was signed',
      () => ({ headers: { ...good(), 'x-zm-request-timestamp': String(now() + 1) } }),
    ],
    ['five minutes and a second ago', () => ({ headers: signedHeaders(gone(ADA), now() - 301) })],
    ['five minutes and a second ahead', () => ({ headers: signedHeaders(gone(ADA), now() + 301) })],
    ['two signatures', () => twice('x-zm-signature')],
    ['two timestamps', () => twice('x-zm-request-timestamp')],
    [
      'a signature in capitals',
      () => ({ headers: { ...good(), 'x-zm-signature': good()['x-zm-signature'].toUpperCase() } }),
    ],
    [
      'a cut signature',
      () => ({ headers: { ...good(), 'x-zm-signature': good()['x-zm-signature'].slice(0, -2) } }),
    ],
    [
      'a signature of another scheme',
      () => ({ headers: { ...good(), 'x-zm-signature': good()['x-zm-signature'].replace('v0', 'v1') } }),
    ],
    ['a time that is no number', () => ({ headers: signedHeaders(gone(ADA), Number.NaN) })],
  ])('%s', async (_, changed) => {
    const before = await services.contents();
    const answer = await post(gone(ADA), changed());
    expect(answer).toMatchObject({ status: 401, body: '', cookies: [] });
    expect(await services.contents()).toEqual(before);
  });

  const twice = (name: 'x-zm-signature' | 'x-zm-request-timestamp') => ({
    headers: { ...good(), [name]: `${good()[name]},${good()[name]}` },
  });

  test.each(['/zoom/events/unknown', '/zoom/events/No-Name', '/zoom/events/__proto__'])(
    '%s',
    async (path) => {
      expect(await post(gone(ADA), {}, path)).toMatchObject({ status: 401, body: '' });
    },
  );

  test('five minutes to either side are taken', async () => {
    for (const offset of [-300, 300]) {
      const body = gone('nobody');
      expect((await post(body, { headers: signedHeaders(body, now() + offset) })).status).toBe(200);
    }
  });

  test.each([
    ['is not there', {}],
    ['is empty', { webhook_secret_token: '' }],
  ])('where the webhook secret %s, and the log says what to do', async (_, more) => {
    await writeApp(more);
    const cold = createFunctions(services);
    const body = gone(ADA);
    for (const secret of [WEBHOOK_SECRET, '', 'undefined']) {
      const request = { method: 'POST', body, headers: signedHeaders(body, now(), secret) };
      expect(await cold.visit('https://tokens.example.com/zoom/events', request)).toMatchObject({
        status: 401,
        body: '',
      });
    }
    expect(takeOutput().join('')).toContain('Copy it from the Zoom App Marketplace');
    await writeApp({ webhook_secret_token: WEBHOOK_SECRET });
  });
});

describe('what is signed and makes no sense', () => {
  const payload = {
    user_id: ADA,
    client_id: 'user_app-id',
    deauthorization_time: '2030-01-01T00:00:00.000Z',
  };
  const event = (changed: object) =>
    JSON.stringify({ event: 'app_deauthorized', payload: { ...payload, ...changed } });
  test.each([
    ['no JSON', '{"event":'],
    ['no UTF-8', '\ud800'],
    ['no object', '"app_deauthorized"'],
    ['null', 'null'],
    ['no event', '{}'],
    ['a challenge without a token', '{"event":"endpoint.url_validation","payload":{}}'],
    ['a challenge with a number', '{"event":"endpoint.url_validation","payload":{"plainToken":1}}'],
    ['a deauthorization without a payload', '{"event":"app_deauthorized"}'],
    ['a deauthorization without a user', event({ user_id: undefined })],
    ['a deauthorization of many users', event({ user_id: [ADA] })],
    ['a deauthorization at no time', event({ deauthorization_time: 'soon' })],
  ])('%s is a bad request', async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 400, body: '' });
  });

  test('another event is taken and left', async () => {
    const before = await services.contents();
    expect(await post('{"event":"meeting.started","payload":{}}')).toMatchObject({ status: 200, body: '' });
    expect(await services.contents()).toEqual(before);
  });

  test('a deauthorization in the future counts from now', async () => {
    await functions.connect('ada', { user: users[0]?.display_name });
    services.clock.advance(5);
    await post(gone(ADA, now() + 3600));
    services.clock.advance(5);
    await functions.connect('ada', { user: users[0]?.display_name });
    expect(await status('ada')).toBe('active');
  });
});

test('an event is posted: a browser that opens the address finds nothing there', async () => {
  expect((await functions.visit('https://tokens.example.com/zoom/events')).status).toBe(404);
});
