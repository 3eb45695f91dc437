import '../../support/services/output.ts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createRuntime } from '../../../lambdas/runtime.ts';
import {
  BROKEN,
  expectRefused,
  type Refusal,
  secretDenied,
  secretUnusable,
} from '../../support/services/bad-input.ts';
import { createFunctions, type Functions, functionsWith } from '../../support/services/handlers.ts';
import { APP_PREFIX, type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let operator: Functions;
beforeAll(async () => {
  services = await startServices();
  operator = createFunctions(services);
});
afterAll(() => services.close());
afterEach(() => services.denied.clear());

const KEY = 'zoom-token-refresher/key';
let apps = 0;

interface Break {
  /** What has happened to the installation; `app` names the secret of this test's app. */
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
        services.secretsManager.deleteSecret({ SecretId, ForceDeleteWithoutRecovery: true }),
      refusal: (app) => secretUnusable(app, 'does not exist or has no value'),
    },
  ],
  [
    'an app secret that we may not read',
    { breakIt: (app) => services.denied.add(`GetSecretValue ${app}`), refusal: secretDenied },
  ],
  [
    'a key that we may not read',
    { breakIt: () => services.denied.add(`GetSecretValue ${KEY}`), refusal: () => secretDenied(KEY) },
  ],
  [
    'a key that does not exist',
    {
      variables: { KEY_SECRET_ID: 'no-such/key' },
      refusal: () => secretUnusable('no-such/key', 'has no value'),
    },
  ],
  ['a missing environment variable', { variables: { APP_SECRET_PREFIX: undefined }, refusal: () => BROKEN }],
  ['a wrong environment variable', { variables: { PUBLIC_URL: 'tokens' }, refusal: () => BROKEN }],
];

/** A new app with its link, made while all is well. */
async function appWithLink() {
  apps += 1;
  const app = `app_${apps}`;
  await services.writeSecret(`${APP_PREFIX}${app}`, JSON.stringify(services.apps.user));
  const request = { action: 'link', connection: 'main', app };
  return { app: `${APP_PREFIX}${app}`, ...(await operator.granted<{ link: string }>(request)) };
}

/** The functions as they start after that: they remember nothing. */
const startAfter = (variables: NodeJS.ProcessEnv = {}) =>
  functionsWith(
    () => createRuntime({ ...services.environment, ...variables }, { now: services.clock.now }),
    services.watch,
  );

describe.each(['GET', 'POST'])('%s /connect', (method) => {
  test.each(broken)('meets %s', async (_, { breakIt, variables, refusal }) => {
    const { app, link } = await appWithLink();
    await breakIt?.(app);
    await expectRefused(services, () => startAfter(variables).visit(link, { method }), refusal(app));
  });
});

describe('POST /connect', () => {
  const method = 'POST';

  test('meets a table that does not exist', async () => {
    const { link } = await appWithLink();
    const { visit } = startAfter({ TABLE_NAME: 'no-such-table' });
    await expectRefused(services, () => visit(link, { method }), BROKEN);
  });

  test('does not spend a ticket on an app that cannot work', async () => {
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

  test.each(broken)('meets %s', async (_, { breakIt, variables, refusal }) => {
    const { app, returned, cookies } = await consented();
    await breakIt?.(app);
    const request = () => startAfter(variables).visit(returned, { cookies });
    await expectRefused(services, request, refusal(app));
  });

  test('meets a client secret that is not the app’s', async () => {
    const { app, returned, cookies } = await consented();
    const wrong = { ...services.apps.user, client_secret: 'a-client-secret-that-is-old' };
    services.watch.note('the old client secret', wrong.client_secret);
    await services.writeSecret(app, JSON.stringify(wrong));
    await expectRefused(services, () => startAfter().visit(returned, { cookies }), {
      status: 500,
      title: 'Not connected',
      paragraphs: [
        'Zoom does not accept the client id and client secret of the app.',
        /^Copy both from the Zoom App Marketplace into the app secret/,
      ],
    });
  });
});

describe('GET /callback while Zoom is not well', () => {
  let answer: { status: number; headers?: Record<string, string>; body: string };
  const zoom = createServer((_request, response) => {
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  let url: string;
  beforeAll(async () => {
    await once(zoom.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(zoom.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    zoom.closeAllConnections();
    zoom.close();
  });

  const PATIENCE = 'Reload this page in a minute. If that does not help, ask for a new link.';
  test.each([
    ['503 with HTML', { status: 503, body: '<h1>Bad</h1>' }, /^Zoom is not well: it answered 503/, '60'],
    [
      '503 that asks for two minutes',
      { status: 503, headers: { 'retry-after': '120' }, body: '' },
      /^Zoom is not well: it answered 503/,
      '120',
    ],
    [
      '429 that asks for 7 seconds',
      { status: 429, headers: { 'retry-after': '7' }, body: '{}' },
      /^Zoom asks us to slow down \(429\)\.$/,
      '7',
    ],
    [
      '200 without a token',
      { status: 200, body: '{"scope":"x"}' },
      /^Zoom is not well: it answered 200/,
      '60',
    ],
  ])('%s', async (_, answered, sentence, retryAfter) => {
    answer = answered;
    const { returned, cookies } = await operator.consent('main');
    const request = () => startAfter({ ZOOM_OAUTH_URL: url }).visit(returned, { cookies });
    const refusal = { status: 503, title: 'Not connected', paragraphs: [sentence, PATIENCE] };
    const { headers } = await expectRefused(services, request, refusal);
    expect(headers['retry-after']).toBe(retryAfter);
  });

  test('out of reach', async () => {
    const { returned, cookies } = await operator.consent('main');
    const request = () => startAfter({ ZOOM_OAUTH_URL: services.nowhere }).visit(returned, { cookies });
    await expectRefused(services, request, {
      status: 503,
      title: 'Not connected',
      paragraphs: ['Zoom cannot be reached (ECONNREFUSED).', PATIENCE],
    });
    // The code is not spent: the page can be loaded again.
    expect((await operator.visit(returned, { cookies })).status).toBe(200);
  });
});
