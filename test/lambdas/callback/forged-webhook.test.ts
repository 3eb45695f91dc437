import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { takeRequests, tally } from '../../support/faults/requests.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { type Services, startServices } from '../../support/services/services.ts';
import { createZoomSender } from '../../support/services/zoom-sender.ts';
import { signedHeaders } from '../../support/zoom-event.ts';

// What requests that anyone can send cost: counted on the wire, with the real SDK and the real handlers.

const READ = 'SecretsManager.GetSecretValue';

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
  await zoom.writeApp(undefined, 'reports');
  takeRequests();
});

const EVENTS = 'https://tokens.example.com/zoom/events';
const send = (secret: string, url = EVENTS) => {
  const body = zoom.removal('someone');
  return zoom.send(body, { headers: signedHeaders(body, zoom.now(), secret) }, functions, url);
};

test('forged webhooks cost one read of a secret in 10 s for each app, whatever their rate', async () => {
  for (let second = 0; second < 30; second += 1) {
    for (const url of [EVENTS, EVENTS, `${EVENTS}/reports`]) {
      expect(await send('a guess', url)).toMatchObject({ status: 401, body: '' });
    }
    services.clock.advance(1);
  }
  expect(tally(takeRequests())).toEqual({ [READ]: 6 });
});

test('a replaced webhook secret is accepted within 10 s while forged webhooks arrive', async () => {
  await send('a guess');
  await zoom.writeApp({ webhook_secret_token: 'another-webhook-secret' });
  services.clock.advance(10);
  expect((await send('another-webhook-secret')).status).toBe(200);
});

test('a replaced webhook secret is accepted at once where no forged webhook came just before', async () => {
  expect((await send('webhook-secret-of-the-tests')).status).toBe(200);
  await zoom.writeApp({ webhook_secret_token: 'another-webhook-secret' });
  expect((await send('another-webhook-secret')).status).toBe(200);
});

test.each([
  ['a minute after the replacement', 60, false],
  ['as soon as the function has read the new one', 0, true],
])('the webhook secret before the replaced one is not honoured %s', async (_, seconds, isRead) => {
  const OLD = 'webhook-secret-of-the-tests';
  expect((await send(OLD)).status).toBe(200);
  await zoom.writeApp({ webhook_secret_token: 'another-webhook-secret' });
  if (isRead) expect((await send('another-webhook-secret')).status).toBe(200);
  services.clock.advance(seconds);
  // Secrets Manager still keeps it, as the previous version.
  for (let times = 0; times < 2; times += 1) expect(await send(OLD)).toMatchObject({ status: 401, body: '' });
});

test('a webhook at the address of an app that is not deployed is refused without a call', async () => {
  for (const app of ['unknown', 'default_', '__proto__', 'No-Name']) {
    expect(await send('a guess', `${EVENTS}/${app}`)).toMatchObject({ status: 401, body: '' });
  }
  expect(takeRequests()).toEqual([]);
});

test.each([
  ['POST', '/zoom/events'],
  ['POST', '/zoom/events/reports'],
  ['POST', '/connect?ticket=x'],
  ['GET', '/callback?code=x&state=x'],
])('%s %s with a body of more than 64 kB gets 413 without a call', async (method, path) => {
  const response = await functions.visit(`https://tokens.example.com${path}`, {
    method,
    body: 'x'.repeat(90_000),
    headers: signedHeaders('x', zoom.now()),
  });
  expect(response).toMatchObject({ status: 413, body: '' });
  expect(takeRequests()).toEqual([]);
});
