import '../../support/services/output.ts';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRuntime } from '../../../lambdas/runtime.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';
import { expectOperatorRefused, type OperatorRefusal } from '../../support/services/bad-input.ts';
import { createFunctions, functionsWith } from '../../support/services/handlers.ts';
import { APP_PREFIX, type Services, startServices } from '../../support/services/services.ts';

let services: Services;
beforeAll(async () => {
  services = await startServices();
  const functions = createFunctions(services);
  await functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
});
afterAll(() => services.close());
afterEach(() => services.denied.clear());

/** Returns cold functions, which have cached nothing. */
const start = (variables: NodeJS.ProcessEnv = {}) =>
  functionsWith(
    () => createRuntime({ ...services.environment, ...variables }, { now: services.clock.now }),
    services,
  );

const SECRET = `${APP_PREFIX}broken`;
const unusable = (what: string): OperatorRefusal => ({
  class: 'misconfigured',
  code: 'secret_unusable',
  message: `The secret "${SECRET}" ${what}.`,
  action: /^Write it again: npx zoom-tokens setup/,
});

describe.each(['link', 'connect'])('%s is misconfigured when the app secret', (action) => {
  test.each([
    ['is not valid JSON', 'client_id=x'],
    ['lacks client_id and client_secret', '{"client_id":"","client_secret":"","account_id":""}'],
    ['lacks client_secret', '{"client_id":"the-id"}'],
  ])('%s', async (what, value) => {
    await services.writeSecret(SECRET, value);
    await expectOperatorRefused(
      services,
      start(),
      { action, connection: 'new', app: 'broken' },
      unusable(what),
    );
  });

  test('was deleted', () =>
    expectOperatorRefused(
      services,
      start(),
      { action, connection: 'new', app: 'deleted' },
      { ...unusable(''), message: `The secret "${APP_PREFIX}deleted" does not exist or has no value.` },
    ));

  test('is that of an app that is not deployed', () =>
    expectOperatorRefused(
      services,
      start(),
      { action, connection: 'new', app: 'unknown' },
      {
        class: 'misconfigured',
        code: 'app_not_deployed',
        message: /^No Zoom app "unknown"\. Known apps: default, reports, /,
        action: /^Add it to "apps" in cdk\.json, deploy/,
      },
    ));

  test('is not readable for the function', async () => {
    services.denied.add(`GetSecretValue ${APP_PREFIX}reports`);
    await expectOperatorRefused(
      services,
      start(),
      { action, connection: 'new', app: 'reports' },
      {
        class: 'misconfigured',
        code: 'secret_denied',
        message: `The function is not allowed to read the secret "${APP_PREFIX}reports".`,
        action: /^Deploy again: npx cdk deploy\./,
      },
    );
  });
});

describe('connect is misconfigured when the app secret has', () => {
  const connectWith = async (credentials: object, refusal: OperatorRefusal) => {
    await services.writeSecret(SECRET, JSON.stringify(credentials));
    const request = { action: 'connect', connection: 'new', app: 'broken' };
    await expectOperatorRefused(services, start(), request, refusal);
  };

  test('no account id', () =>
    connectWith(services.apps.user, {
      class: 'misconfigured',
      code: 'account_id_missing',
      message: 'The secret of the app "broken" has no account_id, which a Server-to-Server app needs.',
      action: 'Add account_id to the app secret. The Zoom App Marketplace shows it under App Credentials.',
    }));

  test('an account id that Zoom does not know', () =>
    connectWith(
      { ...services.apps.server, account_id: 'another-account' },
      {
        class: 'misconfigured',
        code: 'invalid_account',
        message: 'Zoom does not know the account id of the Server-to-Server app.',
        action: 'Copy the account id from the Zoom App Marketplace into the app secret.',
      },
    ));

  test('a client secret that is not the app’s', () =>
    connectWith(
      { ...services.apps.server, client_secret: 'a-client-secret-that-is-old' },
      {
        class: 'misconfigured',
        code: 'invalid_client',
        message: 'Zoom does not accept the client id and client secret of the app.',
        action: /^Copy both from the Zoom App Marketplace into the app secret/,
      },
    ));

  test('the credentials of a user app with an account id', () =>
    connectWith(
      { ...services.apps.user, account_id: 'the-account-id' },
      {
        class: 'misconfigured',
        code: 'unsupported_grant',
        message: 'The Zoom app does not allow this grant.',
        action: /^Use a Server-to-Server OAuth app for account_credentials/,
      },
    ));
});

const everyAction = [
  { action: 'link', connection: 'new' },
  { action: 'connect', connection: 'new', app: 'reports' },
  { action: 'status' },
  { action: 'rotate', connection: 'server' },
];

test.each(everyAction)('$action without environment variables names every one that is missing', (request) =>
  expectOperatorRefused(services, start({ TABLE_NAME: undefined, PUBLIC_URL: undefined }), request, {
    class: 'misconfigured',
    code: 'environment',
    message: 'Environment variables are missing or wrong: TABLE_NAME is missing, PUBLIC_URL is missing.',
    action: /^Deploy again: npx cdk deploy sets them all\. .*npx cdk deploy --revert-drift\.$/,
  }),
);

const everyActionOfTheTable = [
  ...everyAction,
  { action: 'links' },
  { action: 'links-cancel', connection: 'server' },
  { action: 'history', connection: 'server' },
  { action: 'move', connection: 'server', place: 'bundle_sales' },
  { action: 'disconnect', connection: 'server' },
  { action: 'check' },
];

test.each(everyActionOfTheTable)('$action without its table says that the table is gone', (request) =>
  expectOperatorRefused(services, start({ TABLE_NAME: 'no-such-table' }), request, {
    class: 'misconfigured',
    code: 'table_gone',
    message:
      'The table of the connections does not exist, or is still being restored (ResourceNotFoundException).',
    action: /^Restore it under its earlier name: docs\/runbook\.md#deleted-table/,
  }),
);

describe('with a table that its policies do not allow', () => {
  let dynamodb: LoopbackServer;
  let endpoint: string | undefined;
  beforeEach(async () => {
    dynamodb = await listenOnLoopback(
      createServer((_, response) => {
        response.statusCode = 400;
        response.end('{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:x"}');
      }),
    );
    endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
    process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamodb.url;
  });
  afterEach(() => {
    process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
    return dynamodb.close();
  });

  test.each(everyActionOfTheTable)('$action says so, and what to deploy', (request) =>
    expectOperatorRefused(services, start(), request, {
      class: 'misconfigured',
      code: 'table_denied',
      message:
        /^The function is not allowed to (read|write) the table of the connections \(AccessDeniedException\)\.$/,
      action: /^Deploy again: npx cdk deploy\./,
    }),
  );
});

test('link without a readable link key is misconfigured', async () => {
  services.denied.add(`GetSecretValue ${services.environment.LINK_KEY_SECRET_ID}`);
  await expectOperatorRefused(
    services,
    start(),
    { action: 'link', connection: 'new' },
    {
      class: 'misconfigured',
      code: 'secret_denied',
      message: 'The function is not allowed to read the secret "zoom-token-refresher/link-key".',
      action: /^Deploy again: npx cdk deploy\./,
    },
  );
});

test('connect while Zoom is unreachable asks the operator to repeat the command', () =>
  expectOperatorRefused(
    services,
    start({ ZOOM_OAUTH_URL: services.nowhere }),
    { action: 'connect', connection: 'new', app: 'reports' },
    {
      class: 'retry',
      code: 'zoom_unreachable',
      message: 'Zoom cannot be reached (ECONNREFUSED).',
      action: 'Nothing was changed. Run the command again in a few minutes.',
    },
  ));

test('rotate while Zoom is unreachable fails, and n8n keeps a valid token', async () => {
  const request = { action: 'rotate', connection: 'server' };
  const answer = await start({ ZOOM_OAUTH_URL: services.nowhere }).operate(request);
  expect(answer).toMatchObject({ ok: false, error: { class: 'retry', code: 'zoom_unreachable' } });
  expect(await services.zoomStatus(await services.published('server'))).toBe(200);
});

test('rotate with a key that cannot open the tokens is misconfigured and loses nothing', async () => {
  const functions = start({ SEALING_KEY_SECRET_ID: 'another/key' });
  await services.writeSecret('another/key', 'another key, that of another installation');
  const request = { action: 'rotate', connection: 'server' };
  await services.writeSecret(`${APP_PREFIX}default`, JSON.stringify(services.apps.user));
  await start().connect('user');
  const answer = await functions.operate({ ...request, connection: 'user' });
  expect(answer).toMatchObject({ ok: false, error: { class: 'misconfigured', code: 'unknown_key' } });
  expect(await start().operate({ ...request, connection: 'user' })).toMatchObject({ ok: true });
});
