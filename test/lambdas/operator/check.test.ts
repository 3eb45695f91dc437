import '../../support/services/output.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { InstallationCheck } from '../../../lambdas/tokens/operate/check-installation.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { startIam } from '../../support/services/iam-server.ts';
import { takeOutput } from '../../support/services/output.ts';
import { APP_PREFIX, type Services, startServices } from '../../support/services/services.ts';

const POLICY = 'arn:aws:iam::111122223333:policy/n8n';

let services: Services;
let iam: Awaited<ReturnType<typeof startIam>>;
let functions: ReturnType<typeof createFunctions>;
beforeAll(async () => {
  services = await startServices();
  iam = await startIam();
  functions = createFunctions(services, {
    VERSION: '1.2.3',
    N8N_POLICY_ARN: POLICY,
    SWEEP_RATE_MINUTES: '2',
  });
});
afterAll(async () => {
  iam.close();
  await services.close();
});
afterEach(() => {
  services.denied.clear();
  iam.heal();
});

const check = (request: { apps?: string[] } = {}, by = functions) =>
  by.granted<InstallationCheck>({ action: 'check', ...request });
const appIn = (checked: InstallationCheck, name: string) => checked.apps.find(({ app }) => app === name);

describe('about', () => {
  test('tells what a person pastes at Zoom, and which version answers', async () => {
    expect(await functions.granted({ action: 'about' })).toEqual({
      version: '1.2.3',
      name: 'zoom-token-refresher',
      now: services.clock.now(),
      publicUrl: 'https://tokens.example.com',
      redirectUrl: 'https://tokens.example.com/callback',
      eventsUrl: 'https://tokens.example.com/zoom/events',
      zoomOauthUrl: services.environment.ZOOM_OAUTH_URL,
      zoomApiUrl: services.environment.ZOOM_API_URL,
      appSecretPrefix: APP_PREFIX,
    });
  });
});

describe('check: the sweep', () => {
  test('before the first there is none; then it is when the last one ended', async () => {
    expect(await check()).toMatchObject({ sweepRateMinutes: 2, now: services.clock.now() });
    expect(await check()).not.toHaveProperty('sweptAt');
    await functions.sweep();
    const at = services.clock.now();
    services.clock.advance(90);
    expect(await check()).toMatchObject({ sweptAt: at, now: at + 90 });
    await functions.sweep();
    expect(await check()).toMatchObject({ sweptAt: at + 90 });
  });

  test('leaves nothing that looks like a connection', async () => {
    expect(await functions.granted({ action: 'status' })).toMatchObject({ connections: [] });
  });

  test('that did not come to its end is not the last one', async () => {
    const { sweptAt } = await check();
    const broken = createFunctions(services, { TABLE_NAME: 'no-such-table' });
    await expect(broken.sweep()).rejects.toThrow();
    expect((await check()).sweptAt).toBe(sweptAt);
  });
});

describe('check: the apps', () => {
  test('are "default", those of the connections and those that are named, in order', async () => {
    expect((await check()).apps.map(({ app }) => app)).toEqual(['default']);
    await services.writeSecret(`${APP_PREFIX}used`, JSON.stringify(services.apps.server));
    await functions.granted({ action: 'connect', connection: 'server', app: 'used' });
    const { apps } = await check({ apps: ['reports', 'default'] });
    expect(apps).toEqual(
      ['default', 'reports', 'used'].map((app) => ({ app, secretName: `${APP_PREFIX}${app}` })),
    );
  });

  test('a user app whose client secret is wrong is told, though the right one is remembered', async () => {
    const wrong = { ...services.apps.user, client_secret: 'not-the-secret-of-the-app' };
    await services.writeSecret(`${APP_PREFIX}default`, JSON.stringify(wrong));
    expect(appIn(await check(), 'default')?.problem).toEqual({
      class: 'misconfigured',
      code: 'invalid_client',
      message: 'Zoom does not accept the client id and client secret of the app.',
      action: expect.stringContaining('Copy both'),
    });
    await services.writeSecret(`${APP_PREFIX}default`, JSON.stringify(services.apps.user));
    expect(appIn(await check(), 'default')).not.toHaveProperty('problem');
  });

  test.each([
    ['client secret', { client_secret: 'not-the-secret-of-the-app' }, 'invalid_client'],
    ['account id', { account_id: 'another-account' }, 'invalid_account'],
  ])('a Server-to-Server app whose %s is wrong is told', async (_, part, code) => {
    await services.writeSecret(`${APP_PREFIX}wrong`, JSON.stringify({ ...services.apps.server, ...part }));
    expect(appIn(await check({ apps: ['wrong'] }), 'wrong')?.problem).toMatchObject({
      class: 'misconfigured',
      code,
    });
  });

  test('the tokens that connections have outlive the check', async () => {
    await functions.connect('user');
    const tokens = await Promise.all(['user', 'server'].map(services.published));
    await check();
    for (const token of tokens) expect(await services.zoomStatus(token)).toBe(200);
    await functions.granted({ action: 'rotate', connection: 'user' });
  });

  test('one that was never filled in and that nothing needs is not set up, and no fault', async () => {
    const empty = { client_id: '', client_secret: '', account_id: '', webhook_secret_token: '' };
    await services.writeSecret(`${APP_PREFIX}later`, JSON.stringify(empty));
    expect(appIn(await check({ apps: ['later'] }), 'later')?.problem).toMatchObject({
      code: 'not_set_up',
      action: 'Where it is wanted: zoom-tokens setup later.',
    });
  });

  test('one that is emptied while a connection needs it is a fault', async () => {
    await services.writeSecret(`${APP_PREFIX}used`, '{"client_id":"","client_secret":""}');
    expect(appIn(await check(), 'used')?.problem).toMatchObject({
      class: 'misconfigured',
      code: 'secret_unusable',
      message: `The secret "${APP_PREFIX}used" lacks client_id and client_secret.`,
    });
    await services.writeSecret(`${APP_PREFIX}used`, JSON.stringify(services.apps.server));
  });

  test('a Zoom that cannot be reached is told for each, and the rest is checked', async () => {
    const cut = createFunctions(services, {
      ZOOM_OAUTH_URL: services.nowhere,
      ZOOM_API_URL: services.nowhere,
    });
    const checked = await check({ apps: ['reports'] }, cut);
    expect(checked).not.toHaveProperty('zoomSkewSeconds');
    for (const { problem } of checked.apps) {
      expect(problem).toEqual({
        class: 'retry',
        code: 'zoom_unreachable',
        message: 'Zoom cannot be reached (ECONNREFUSED).',
        action: 'See status.zoom.us, and check again later.',
      });
    }
  });

  test('a name that no app can have is refused', async () => {
    expect(await functions.operate({ action: 'check', apps: ['../key'] })).toMatchObject({
      ok: false,
      error: { code: 'invalid_name' },
    });
  });
});

test("check tells by how much Zoom's clock differs", async () => {
  expect((await check()).zoomSkewSeconds).toBe(0);
  const late = createFunctions({
    ...services,
    clock: { ...services.clock, now: () => services.clock.now() + 300 },
  });
  expect((await check({}, late)).zoomSkewSeconds).toBe(-300);
});

describe("check: n8n's policy", () => {
  test('is attached to nobody', async () => {
    expect((await check()).n8n).toEqual({ policyArn: POLICY, principals: [] });
    expect(iam.asked.at(-1)).toBe(`ListEntitiesForPolicy ${POLICY}`);
  });

  test('is attached to users, roles and groups, on as many pages as there are', async () => {
    Object.assign(iam.attached, { users: ['n8n', 'spare'], roles: ['worker'], groups: ['readers'] });
    expect((await check()).n8n.principals).toEqual([
      'user/n8n',
      'user/spare',
      'role/worker',
      'group/readers',
    ]);
  });

  test.each([
    [403, 'AccessDenied', 'iam_denied', /^Deploy again/],
    [404, 'NoSuchEntity', 'policy_gone', /^Deploy again/],
    [500, 'ServiceFailure', 'iam_unavailable', /^Check again/],
  ])('IAM answers %i %s: %s, and the rest is checked', async (status, code, told, action) => {
    iam.failWith(status, code);
    const checked = await check();
    expect(checked.n8n).toEqual({
      policyArn: POLICY,
      problem: expect.objectContaining({ code: told, action: expect.stringMatching(action) }),
    });
    expect(appIn(checked, 'default')).not.toHaveProperty('problem');
  });
});

describe('probe', () => {
  const probe = (...connections: string[]) =>
    functions.granted<{ probed: object[] }>({ action: 'probe', connections });

  test('tells of each token that n8n reads whether Zoom accepts it', async () => {
    expect(await probe('user', 'server')).toEqual({
      probed: [
        { connection: 'user', accepted: 'yes' },
        { connection: 'server', accepted: 'yes' },
      ],
    });
  });

  test('notices a secret that was edited by hand, in a warm function too', async () => {
    const token = await services.published('server');
    await services.writeSecret('n8n_zoom_server', 'something that somebody has put there');
    expect(await probe('server')).toEqual({
      probed: [
        {
          connection: 'server',
          accepted: 'no',
          message: 'Zoom does not accept it (401, code 124): it is dead.',
        },
      ],
    });
    await services.writeSecret('n8n_zoom_server', String(token));
    expect(await probe('server')).toEqual({ probed: [{ connection: 'server', accepted: 'yes' }] });
  });

  test.each([
    ['is not there', async () => {}],
    [
      'is scheduled for deletion',
      async () => {
        await services.writeSecret('n8n_zoom_gone', 'a token');
        await services.secretsManager.deleteSecret({ SecretId: 'n8n_zoom_gone', RecoveryWindowInDays: 7 });
      },
    ],
  ])('n8n has nothing to read where the secret %s', async (_, prepare) => {
    await prepare();
    expect(await probe('gone')).toEqual({
      probed: [{ connection: 'gone', accepted: 'no', message: 'n8n finds no such secret.' }],
    });
  });

  test('what cannot be found out is unknown, and says why', async () => {
    services.denied.add('GetSecretValue n8n_zoom_user');
    const cut = createFunctions(services, { ZOOM_API_URL: services.nowhere });
    expect(await cut.granted({ action: 'probe', connections: ['user', 'server'] })).toEqual({
      probed: [
        {
          connection: 'user',
          accepted: 'unknown',
          message: expect.stringMatching(/^The function may not read the secret "n8n_zoom_user"\. Deploy/),
        },
        { connection: 'server', accepted: 'unknown', message: "Zoom's API did not answer the function." },
      ],
    });
  });

  test('takes twenty at a time and no more, and no name that no connection can have', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    expect((await probe(...names)).probed).toHaveLength(20);
    for (const [connections, code] of [
      [[...names, 'one_more'], 'bad_request'],
      [['../../key'], 'invalid_name'],
    ] as const) {
      expect(await functions.operate({ action: 'probe', connections })).toMatchObject({
        ok: false,
        error: { code },
      });
    }
  });
});

test('no answer and no line of the log holds a piece of a token or a secret', async () => {
  takeOutput();
  const answers = [
    await check({ apps: ['reports', 'wrong', 'later'] }),
    await functions.granted({ action: 'probe', connections: ['user', 'server', 'gone'] }),
    await functions.granted({ action: 'about' }),
  ];
  expect(services.watch.names()).toEqual(
    expect.arrayContaining(["Zoom's access_token", 'a client secret', 'the key secret']),
  );
  expect(services.watch.leaks([JSON.stringify(answers), ...takeOutput()])).toEqual([]);
});
