import '../support/services/output.ts';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { logger } from '../../lambdas/observability.ts';
import { createRuntime } from '../../lambdas/runtime.ts';
import { deriveKeys } from '../../lambdas/tokens/sealing/keyring.ts';
import { open } from '../../lambdas/tokens/sealing/seal.ts';
import { createFunctions, functionsWith } from '../support/services/handlers.ts';
import { type Misbehaviour, startN8n } from '../support/services/n8n-server.ts';
import { logLines, takeOutput } from '../support/services/output.ts';
import { type Services, startServices } from '../support/services/services.ts';
import { printed } from '../support/services/watch.ts';

/** Everything that has left the functions: log lines and metrics, pages, answers, alerts, thrown errors. */
const left: string[] = [];
let services: Services;
let functions: ReturnType<typeof createFunctions>;

beforeAll(async () => {
  services = await startServices();
  functions = createFunctions(services);
  const { sealing, signing, cookie } = deriveKeys(services.key);
  for (const [name, key] of Object.entries({ sealing, signing, cookie })) {
    services.watch.note(`the ${name} key`, key);
  }
});
afterAll(() => services.close());

const page = ({ body }: { body: string }) => left.push(body);
const operate = async (request: unknown, by: Pick<typeof functions, 'operate'> = functions) =>
  left.push(JSON.stringify(await by.operate(request)));
const sweep = (by: Pick<typeof functions, 'sweep'> = functions) =>
  by.sweep().then(
    (report) => left.push(JSON.stringify(report)),
    (error) => left.push(...printed(error)),
  );

/** Sealed tokens are no secret to who may read the table, but they have no business elsewhere either. */
async function noteStored(): Promise<void> {
  for (const { connection, sealedTokens } of await functions.runtime.store.list()) {
    services.watch.note('sealed tokens', sealedTokens);
    const tokens = await open(sealedTokens, connection, functions.runtime.keyring);
    services.watch.note('a stored access token', tokens.accessToken);
    if (tokens.refreshToken) services.watch.note('a stored refresh token', tokens.refreshToken);
  }
}

/** Fails where a piece of any secret has left since the last call. */
async function expectNothingLeft(): Promise<void> {
  await noteStored();
  const output = takeOutput();
  expect(output).not.toEqual([]);
  expect(services.watch.leaks([...output, ...left.splice(0)])).toEqual([]);
}

describe('no token, code, client secret, ticket, cookie, code verifier or key leaves', () => {
  test('on the good path', async () => {
    const { page: connected } = await functions.connect('user');
    page(connected);
    await operate({ action: 'connect', connection: 'server', app: 'reports' });
    for (const connection of ['user', 'server']) await operate({ action: 'rotate', connection });
    for (let sweeps = 0; sweeps < 24; sweeps += 1) {
      services.clock.advance(5 * 60);
      await sweep();
    }
    await operate({ action: 'status' });
    expect((await functions.runtime.store.get('user'))?.version).toBeGreaterThan(3);
    await expectNothingLeft();
  });

  test('in an alert, nor with a consent of another user', async () => {
    const item = await functions.runtime.store.get('user');
    const { refreshToken = '' } = await open(item?.sealedTokens ?? '', 'user', functions.runtime.keyring);
    await services.removeApp(refreshToken);
    services.clock.advance(60 * 60);
    await sweep();
    expect(services.notifications.map(({ subject }) => subject)).toEqual(['Zoom: connect "user" again']);
    left.push(...services.notifications.splice(0).map((notification) => JSON.stringify(notification)));
    const { page: refused } = await functions.connect('user', { user: 'Grace Hopper' });
    expect(refused.status).toBe(409);
    page(refused);
    page((await functions.connect('user')).page);
    await expectNothingLeft();
  });

  test('in a link but its own ticket', async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'user' });
    expect(services.watch.leaks(link)).toEqual(['the ticket of an address']);
    const { cookies, location } = await functions.begin('user');
    expect(services.watch.leaks(cookies)).toEqual(['a cookie']);
    page(await functions.visit(location.replace(/^.*\?/, 'https://tokens.example.com/callback?')));
    await expectNothingLeft();
  });

  test('with a bad ticket, cookie, state or code', async () => {
    const { link, cookies, returned } = await functions.connect('user');
    const url = new URL(returned);
    const changed = (name: string, value: string) => {
      const other = new URL(url);
      other.searchParams.set(name, value);
      return other.href;
    };
    const again = await functions.begin('user');
    const state = new URL(again.location).searchParams.get('state') ?? '';
    const visits: [string, string[]?][] = [
      [link],
      [link.slice(0, -9)],
      [`${link}&${link.slice(link.indexOf('ticket='))}`],
      [link.replace('/connect', '/elsewhere')],
      [returned],
      [returned, cookies],
      [returned, [(cookies[0] ?? '').slice(0, -9)]],
      [returned, again.cookies],
      [changed('state', state), again.cookies],
      [changed('code', 'a-code-that-is-made-up'), cookies],
      [`${changed('error', 'access_denied')}&error_description=${url.searchParams.get('code')}`, cookies],
    ];
    for (const [address, sent] of visits) page(await functions.visit(address, sent && { cookies: sent }));
    services.clock.advance(600);
    page(await functions.visit(again.link));
    page(await functions.visit(returned, { cookies }));
    await expectNothingLeft();
  });

  test('with a request of the operator that is refused', async () => {
    const { link } = await functions.begin('user');
    for (const request of [
      { action: link, connection: 'user' },
      { action: 'rotate', connection: 'nobody' },
      { action: 'connect', connection: 'user', app: 'reports' },
      { action: 'connect', connection: 'new', app: 'default' },
    ]) {
      await operate(request);
    }
    await expectNothingLeft();
  });

  test('from secrets that are broken, denied or cut', async () => {
    const secret = services.apps.server.client_secret;
    for (const value of [
      secret,
      `{"client_id":"i","client_secret":"${secret}`,
      `{"client_id":"${secret}"}`,
    ]) {
      await services.writeSecret('zoom-token-refresher/app/broken', value);
      for (const action of ['link', 'connect']) {
        await operate({ action, connection: 'new', app: 'broken' }, createFunctions(services));
      }
    }
    for (const denied of ['GetSecretValue zoom-token-refresher/key', 'PutSecretValue n8n_zoom_user']) {
      services.denied.add(denied);
      const cold = createFunctions(services);
      await operate({ action: 'rotate', connection: 'user' }, cold);
      await sweep(cold);
      services.denied.clear();
    }
    await expectNothingLeft();
  });

  test('from an environment that is wrong', async () => {
    const { client_secret } = services.apps.user;
    const wrong = { ...services.environment, PUBLIC_URL: client_secret, MARGIN_SECONDS: client_secret };
    const broken = functionsWith(() => createRuntime(wrong), services.watch);
    page(await broken.visit('https://tokens.example.com/connect?ticket=x'));
    await operate({ action: 'status' }, broken);
    await sweep(broken);
    await expectNothingLeft();
  });

  test('from a table or a Zoom that is out of reach', async () => {
    for (const variables of [{ TABLE_NAME: 'no-such-table' }, { ZOOM_OAUTH_URL: services.nowhere }]) {
      const failing = createFunctions(services, variables);
      const { returned, cookies } = await functions.consent('user');
      page(await failing.visit(returned, { cookies }));
      for (const action of ['rotate', 'connect']) {
        await operate({ action, connection: 'server', app: 'reports' }, failing);
      }
      services.clock.advance(60 * 60);
      await sweep(failing);
    }
    await expectNothingLeft();
  });

  describe('from a Zoom that sends back what it was sent', () => {
    let status: number;
    let shape: (echo: string) => string;
    const zoom = createServer(async (request, response) => {
      const echo = `${request.headers.authorization} ${await text(request)}`;
      response.writeHead(status).end(shape(echo));
    });
    beforeAll(async () => {
      await once(zoom.listen(0, '127.0.0.1'), 'listening');
    });
    afterAll(() => {
      zoom.closeAllConnections();
      zoom.close();
    });

    test.each<[string, number, (echo: string) => string]>([
      ['in an error', 400, (echo) => JSON.stringify({ error: echo, reason: `Invalid Token! ${echo}` })],
      ['in an error of no class', 418, (echo) => JSON.stringify({ error: echo, reason: echo })],
      ['as HTML', 502, (echo) => `<pre>${echo}</pre>`],
      ['as a token answer that was cut', 200, (echo) => `{"access_token":"${echo}`],
      [
        'as an answer of other types',
        200,
        (echo) => JSON.stringify({ access_token: [echo], expires_in: echo }),
      ],
    ])('%s', async (_, answerStatus, answerShape) => {
      status = answerStatus;
      shape = answerShape;
      const url = `http://127.0.0.1:${(zoom.address() as AddressInfo).port}`;
      const echoing = createFunctions(services, { ZOOM_OAUTH_URL: url });
      await functions.connect('user');
      const { returned, cookies } = await functions.consent('user');
      page(await echoing.visit(returned, { cookies }));
      for (const action of ['rotate', 'connect']) {
        await operate({ action, connection: 'user', app: 'default' }, echoing);
        await operate({ action, connection: 'server', app: 'reports' }, echoing);
      }
      await operate({ action: 'status' });
      await expectNothingLeft();
    });
  });
});

describe('no token and no API key leaves', () => {
  let office: Awaited<ReturnType<typeof startN8n>>;
  const request = (changed: object = {}) => ({
    action: 'n8n-link',
    connection: 'user',
    instance: 'office',
    url: office.url,
    apiKey: office.n8n.apiKey,
    ...changed,
  });
  beforeAll(async () => {
    office = await startN8n();
    services.watch.note('the API key of n8n', office.n8n.apiKey);
    await functions.connect('user');
  });
  afterAll(() => office.close());

  test('by a link, a push and an unlink', async () => {
    await operate(request());
    await operate({ action: 'rotate', connection: 'user' });
    await operate({ action: 'status' });
    await operate({ action: 'n8n-unlink', connection: 'user', instance: 'office' });
    await operate(request());
    await expectNothingLeft();
  });

  test('by a link that is refused', async () => {
    const { apiKey } = request();
    for (const changed of [
      { apiKey: `${apiKey} ${apiKey}` },
      { url: `https://${apiKey}@n8n.example.com` },
      { url: apiKey },
      { connection: 'nobody' },
      { credentialId: 'nowhere' },
      { apiKey: [apiKey] },
    ]) {
      await operate(request(changed));
    }
    await expectNothingLeft();
  });

  test.each<[string, Misbehaviour]>([
    ...[200, 302, 400, 401, 403, 404, 405, 418, 429, 500].map((status): [string, Misbehaviour] => [
      `that answers ${status}, and quotes what it was sent`,
      { status },
    ]),
    ['that resets the connection', 'resets'],
  ])('by an n8n %s', async (_, misbehaves) => {
    office.control.misbehaves = misbehaves;
    await operate(request());
    await operate({ action: 'rotate', connection: 'user' });
    services.clock.advance(20 * 60);
    await sweep();
    await operate({ action: 'status' });
    office.control.misbehaves = undefined;
    await expectNothingLeft();
  });

  test('from a secret that is broken', async () => {
    for (const value of [office.n8n.apiKey, `{"instances":{"office":{"api_key":"${office.n8n.apiKey}"}}}`]) {
      await services.writeSecret('zoom-token-refresher/n8n', value);
      await operate({ action: 'rotate', connection: 'user' }, createFunctions(services));
      await operate(request(), createFunctions(services));
    }
    await expectNothingLeft();
  });
});

describe('what was listened to', () => {
  test('held every kind of secret', () => {
    expect(services.watch.names()).toEqual(
      expect.arrayContaining([
        'the key secret',
        'the sealing key',
        'the signing key',
        'the cookie key',
        'a client secret',
        'the API key of n8n',
        'the Basic credentials',
        'the ticket of an address',
        'the state of an address',
        'a cookie',
        'a code that was sent',
        'a code_verifier that was sent',
        'a refresh_token that was sent',
        "Zoom's access_token",
        "Zoom's refresh_token",
        'sealed tokens',
      ]),
    );
  });

  test('is the lowest level; an event is not logged although the environment asks for it', async () => {
    takeOutput();
    logger.debug('heard');
    await functions.begin('user');
    const lines = logLines(takeOutput());
    expect(process.env.POWERTOOLS_LOGGER_LOG_EVENT).toBe('true');
    expect(lines.map(({ message }) => message)).toEqual(['heard']);
  });
});
