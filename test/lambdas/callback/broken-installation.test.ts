import '../../support/services/output.ts';
import { createServer } from 'node:http';
import { DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createRuntime } from '../../../lambdas/runtime.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';
import {
  BROKEN,
  expectRefused,
  keyMissing,
  type Refusal,
  secretDenied,
  secretUnusable,
  tableGone,
} from '../../support/services/bad-input.ts';
import { createFunctions, type Functions, functionsWith } from '../../support/services/handlers.ts';
import { APP_PREFIX, appSecrets, type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let operator: Functions;
beforeAll(async () => {
  services = await startServices();
  operator = createFunctions(services, { APP_SECRETS });
});
afterAll(() => services.close());
afterEach(() => services.denied.clear());

const KEY = 'zoom-token-refresher/link-key';
/** Each test has an app of its own. */
const APP_SECRETS = appSecrets(['default', ...Array.from({ length: 60 }, (_, n) => `app_${n}`)]);
let apps = 0;

interface Break {
  /** Breaks the installation; `app` is the name of the app secret of this test. */
  breakIt?: (app: string) => unknown;
  /** Environment variables that differ. */
  variables?: NodeJS.ProcessEnv;
  refusal: (app: string) => Refusal;
}

const broken: [what: string, Break][] = [
  [
    'an app secret with invalid JSON',
    {
      breakIt: (app) => services.writeSecret(app, '{"client_id":'),
      refusal: (app) => secretUnusable(app, 'is not valid JSON'),
    },
  ],
  [
    'an app secret without its fields',
    {
      breakIt: (app) => services.writeSecret(app, '{"client_id":"","client_secret":""}'),
      refusal: (app) => secretUnusable(app, 'lacks client_id and client_secret'),
    },
  ],
  [
    'an app secret that was deleted',
    {
      breakIt: (SecretId) =>
        services.secretsManager.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
      refusal: (app) => secretUnusable(app, 'does not exist or has no value'),
    },
  ],
  [
    'an app secret that the function is not allowed to read',
    { breakIt: (app) => services.denied.add(`GetSecretValue ${app}`), refusal: secretDenied },
  ],
  [
    'a key that the function is not allowed to read',
    { breakIt: () => services.denied.add(`GetSecretValue ${KEY}`), refusal: () => secretDenied(KEY) },
  ],
  [
    'a key that does not exist',
    {
      variables: { LINK_KEY_SECRET_ID: 'no-such/key' },
      refusal: () => keyMissing('no-such/key'),
    },
  ],
  ['a missing environment variable', { variables: { APP_SECRETS: undefined }, refusal: () => BROKEN }],
  ['a wrong environment variable', { variables: { PUBLIC_URL: 'tokens' }, refusal: () => BROKEN }],
];

/** Creates an app and a link before the installation breaks. */
async function appWithLink() {
  apps += 1;
  const app = `app_${apps}`;
  await services.writeSecret(`${APP_PREFIX}${app}`, JSON.stringify(services.apps.user));
  const request = { action: 'link', connection: 'main', app };
  return { app: `${APP_PREFIX}${app}`, ...(await operator.granted<{ link: string }>(request)) };
}

/** Returns cold functions, which have cached nothing. */
const startAfter = (variables: NodeJS.ProcessEnv = {}) =>
  functionsWith(
    () => createRuntime({ ...services.environment, APP_SECRETS, ...variables }, { now: services.clock.now }),
    services,
  );

describe.each(['GET', 'POST'])('%s /connect', (method) => {
  test.each(broken)('shows a page for %s', async (_, { breakIt, variables, refusal }) => {
    const { app, link } = await appWithLink();
    await breakIt?.(app);
    await expectRefused(services, () => startAfter(variables).visit(link, { method }), refusal(app));
  });
});

describe('POST /connect', () => {
  const method = 'POST';

  test('shows a page for a table that does not exist', async () => {
    const { link } = await appWithLink();
    const { visit } = startAfter({ TABLE_NAME: 'no-such-table' });
    await expectRefused(services, () => visit(link, { method }), tableGone);
  });

  test('does not use a ticket up for an app that cannot work', async () => {
    const { app, link } = await appWithLink();
    await services.writeSecret(app, '{');
    const functions = startAfter();
    expect((await functions.visit(link, { method })).status).toBe(500);
    await services.writeSecret(app, JSON.stringify(services.apps.user));
    expect((await functions.visit(link, { method })).status).toBe(303);
  });
});

describe('GET /callback', () => {
  const consented = async () => {
    const { app, link } = await appWithLink();
    return { app, ...(await operator.consentAfter(link)) };
  };

  test.each(broken)('shows a page for %s', async (_, { breakIt, variables, refusal }) => {
    const { app, returned, cookies } = await consented();
    await breakIt?.(app);
    const request = () => startAfter(variables).visit(returned, { cookies });
    await expectRefused(services, request, refusal(app));
  });

  test('shows a page for a client secret that is not the app’s', async () => {
    const { app, returned, cookies } = await consented();
    const wrong = { ...services.apps.user, client_secret: 'a-client-secret-that-is-old' };
    services.watch.note('the old client secret', wrong.client_secret);
    await services.writeSecret(app, JSON.stringify(wrong));
    await expectRefused(services, () => startAfter().visit(returned, { cookies }), {
      clearsCookie: true,
      status: 500,
      title: 'You are not connected yet',
      paragraphs: [
        'Zoom does not accept the client id and client secret of the app.',
        /^Copy both from the Zoom App Marketplace into the app secret/,
      ],
    });
  });
});

describe('GET /callback lets the browser retry only an unused code. Zoom', () => {
  let response: { status: number; headers?: Record<string, string>; body: string };
  const server = createServer((_request, outgoing) => {
    outgoing.writeHead(response.status, response.headers).end(response.body);
  });
  let zoom: LoopbackServer;
  beforeAll(async () => {
    zoom = await listenOnLoopback(server);
  });
  afterAll(() => zoom.close());

  const PATIENCE = 'Reload this page in a minute. If that does not help, ask for a new link.';
  test.each([
    [
      'responds with 503 and HTML',
      { status: 503, body: '<h1>Bad</h1>' },
      /^Zoom is unavailable \(HTTP 503\)/,
      '60',
    ],
    [
      'responds with 503 and a Retry-After of two minutes',
      { status: 503, headers: { 'retry-after': '120' }, body: '' },
      /^Zoom is unavailable \(HTTP 503\)/,
      '120',
    ],
    [
      'responds with 429 and a Retry-After of 7 seconds',
      { status: 429, headers: { 'retry-after': '7' }, body: '{}' },
      /^Zoom limits the rate of requests \(429\)\.$/,
      '7',
    ],
  ])('%s', async (_, zoomResponse, sentence, retryAfter) => {
    response = zoomResponse;
    const { returned, cookies } = await operator.consent('main');
    const request = () => startAfter({ ZOOM_OAUTH_URL: zoom.url }).visit(returned, { cookies });
    const refusal = { status: 503, title: 'You are not connected yet', paragraphs: [sentence, PATIENCE] };
    const { headers } = await expectRefused(services, request, refusal);
    expect(headers['retry-after']).toBe(retryAfter);
  });

  const SPENT = /^The authorization code may have been used by now\. Ask for a new link\.$/;
  const REFUSED = /^Ask for a new link\./;
  const json = (status: number, body: object) => ({ status, body: JSON.stringify(body) });
  test.each<[string, typeof response, RegExp]>([
    ['200 and no token', json(200, { scope: 'x' }), SPENT],
    ['502 and HTML', { status: 502, body: '<h1>Bad</h1>' }, SPENT],
    ['403 and HTML', { status: 403, body: '<h1>No</h1>' }, SPENT],
    ['an expired code', json(400, { reason: 'Code is expired', error: 'invalid_request' }), REFUSED],
    ['an invalid code', json(401, { code: 4734, message: 'Invalid authorization code.' }), REFUSED],
    ['a revoked token', json(400, { status: false, errorCode: 4741, errorMessage: '' }), REFUSED],
    ['an unknown refusal', json(400, { reason: 'Because.', error: 'invalid_request' }), REFUSED],
  ])('accepts no reload, which would send a dead code, after %s', async (_, zoomResponse, action) => {
    response = zoomResponse;
    const { returned, cookies } = await operator.consent('main');
    const request = () => startAfter({ ZOOM_OAUTH_URL: zoom.url }).visit(returned, { cookies });
    const { headers, body } = await expectRefused(services, request, {
      clearsCookie: true,
      status: 400,
      title: action === REFUSED ? 'Zoom refused your sign-in' : 'You are not connected yet',
      paragraphs: [/^Zoom /, action],
    });
    expect(headers).not.toHaveProperty('retry-after');
    expect(body).not.toMatch(/reload/i);
  });

  test('is unreachable', async () => {
    const { returned, cookies } = await operator.consent('main');
    const request = () => startAfter({ ZOOM_OAUTH_URL: services.nowhere }).visit(returned, { cookies });
    await expectRefused(services, request, {
      status: 503,
      title: 'You are not connected yet',
      paragraphs: ['Zoom cannot be reached (ECONNREFUSED).', PATIENCE],
    });
    // The code is still unused, so the page can be reloaded.
    expect((await operator.visit(returned, { cookies })).status).toBe(200);
  });
});
