import '../../support/services/output.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { expectOperatorRefused, type OperatorRefusal } from '../../support/services/bad-input.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeAll(async () => {
  services = await startServices();
  functions = createFunctions(services);
  await functions.connect('user');
  await functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
});
afterAll(() => services.close());

const expectRefused = (request: unknown, refusal: OperatorRefusal) =>
  expectOperatorRefused(services, functions, request, refusal);

const NOT_UNDERSTOOD: OperatorRefusal = {
  class: 'rejected',
  code: 'bad_request',
  message: 'The operator function does not support this request.',
  action: 'Run zoom-tokens in the version that is deployed.',
};
const HOSTILE = '<script>alert(1)</script>{"level":"ERROR"}';

describe('a request that the protocol does not allow is rejected', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a word', 'status'],
    ['a list', ['status']],
    ['an empty object', {}],
    ['an unknown action', { action: 'explode', connection: 'user' }],
    ['the name of a property of every object', { action: '__proto__', connection: 'user' }],
    ['an action that is not a string', { action: { toString: 'link' }, connection: 'user' }],
    ['a link without a connection', { action: 'link' }],
    ['a rotation without a connection', { action: 'rotate' }],
    ['a connection that is not a string', { action: 'rotate', connection: ['user'] }],
    ['an app that is not a string', { action: 'connect', connection: 'new', app: 7 }],
    ['an event of the HTTP API', { rawPath: '/connect', queryStringParameters: { ticket: 'x'.repeat(99) } }],
  ])('%s', (_, request) => expectRefused(request, NOT_UNDERSTOOD));
});

describe('an invalid name is rejected', () => {
  const names = ['', 'Main', '1main', 'a-b', 'a.b', 'a b', 'a/b', 'ticket#1', 'ä', 'a'.repeat(41), HOSTILE];
  test.each(
    names.flatMap((name) => ['link', 'connect', 'status', 'rotate'].map((action) => ({ action, name }))),
  )('$action "$name"', ({ action, name }) =>
    expectRefused(
      { action, connection: name },
      {
        class: 'rejected',
        code: 'invalid_name',
        message: `"${name.length > 24 ? `${name.slice(0, 12)}…` : name}" cannot be the name of a connection.`,
        action: 'Use a lower-case letter, then up to 39 lower-case letters, digits and underscores.',
      },
    ),
  );

  test.each([
    ['link', { app: 'default' }],
    ['connect', { app: 'reports' }],
    ['move', {}],
  ])('%s rejects a bundle that is named like its secret', (action, more) =>
    expectRefused(
      { action, connection: 'new', place: 'bundle_n8n_zoom_sales', ...more },
      {
        class: 'rejected',
        code: 'invalid_name',
        message: /^"n8n_zoom_sales" cannot be the name of a bundle/,
        action: /^Leave out/,
      },
    ),
  );

  test.each(['link', 'connect'])('%s rejects an app that would name another secret', (action) =>
    expectRefused(
      { action, connection: 'new', app: '../key' },
      {
        class: 'rejected',
        code: 'invalid_name',
        message: '"../key" cannot be the name of an app.',
        action: /^Use a lower-case letter/,
      },
    ),
  );
});

test.each(['status', 'rotate'])('%s rejects an unknown connection', (action) =>
  expectRefused(
    { action, connection: 'nobody' },
    {
      class: 'rejected',
      code: 'unknown_connection',
      message: 'There is no connection "nobody".',
      action:
        'List the connections: npx zoom-tokens status. To create this one: npx zoom-tokens connect nobody.',
    },
  ),
);

describe('a connection with another grant rejects', () => {
  test.each([
    [
      'a link for a Server-to-Server connection',
      { action: 'link', connection: 'server' },
      'account_credentials',
    ],
    [
      "Server-to-Server for a user's connection",
      { action: 'connect', connection: 'user', app: 'reports' },
      'authorization_code',
    ],
  ])('%s', (_, request, grant) =>
    expectRefused(request, {
      class: 'rejected',
      code: 'other_grant',
      message: `"${request.connection}" is already connected with the grant ${grant}.`,
      action: `Choose another name, or disconnect this one: npx zoom-tokens disconnect ${request.connection}.`,
    }),
  );
});

test('a link of a Server-to-Server app is refused, for which Zoom has no consent page', () =>
  expectRefused(
    { action: 'link', connection: 'new', app: 'reports' },
    {
      class: 'rejected',
      code: 'other_grant',
      message:
        'The app "reports" is a Server-to-Server app: its secret has an account_id. Zoom asks no user for a consent to it.',
      action:
        'Connect it without a link: npx zoom-tokens connect new --app reports --grant s2s. If it is a user app, write its secret without the account_id: npx zoom-tokens setup reports.',
    },
  ));

describe('a rotation is refused', () => {
  const BUSY: OperatorRefusal = {
    class: 'retry',
    code: 'busy',
    message: '"server" was not changed: another function is rotating it.',
    action: 'Run the command again in a minute.',
  };
  const lease = () => {
    const now = services.clock.now();
    return functions.runtime.store.lease('server', { owner: 'a-sweep', now, until: now + 180, early: true });
  };

  test('while another function holds the lease, until the lease expires', async () => {
    await lease();
    await expectRefused({ action: 'rotate', connection: 'server' }, BUSY);
    services.clock.advance(180);
    expect(await functions.operate({ action: 'rotate', connection: 'server' })).toMatchObject({ ok: true });
  });

  test('because it is disconnected', async () => {
    await functions.granted({ action: 'disconnect', connection: 'server' });
    await expectRefused(
      { action: 'rotate', connection: 'server' },
      {
        class: 'rejected',
        code: 'not_connected',
        message: '"server" was not rotated: it is disconnected.',
        action: 'Connect it again: npx zoom-tokens connect server',
      },
    );
    await functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
  });
});
