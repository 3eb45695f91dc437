import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../lambdas/tokens/connection-view.ts';
import { createFunctions } from '../../support/services/handlers.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterEach(() => services.close());

interface Rotated {
  before: ConnectionView;
  after: ConnectionView;
  outcome: string;
}

const connectServer = (connection: string) =>
  functions.granted<{ connection: ConnectionView; outcome: string }>({
    action: 'connect',
    connection,
    app: 'reports',
  });
/** Connects, and lets the publication of a rotation fail. */
async function connectMisconfigured(connection: string): Promise<void> {
  await connectServer(connection);
  services.denied.add(`PutSecretValue n8n_zoom_${connection}`);
  await functions.operate({ action: 'rotate', connection });
  services.denied.clear();
}
const status = (connection?: string) =>
  functions.granted<{ now: number; connections: ConnectionView[] }>({ action: 'status', connection });
const rotate = (connection: string) => functions.granted<Rotated>({ action: 'rotate', connection });

describe('link', () => {
  test('returns a link to the HTTP API and its expiry in half an hour', async () => {
    const response = await functions.operate({ action: 'link', connection: 'main' });
    expect(response).toEqual({
      ok: true,
      result: {
        id: expect.stringMatching(/^[\w-]{36}$/),
        link: expect.stringMatching(
          /^https:\/\/tokens\.example\.com\/connect\?ticket=[\w-]+\.[\w-]+\.[\w-]+$/,
        ),
        createdAt: services.clock.now(),
        expiresAt: services.clock.now() + 1800,
        generation: 0,
      },
    });
  });

  test('returns the generation that the consent will increment', async () => {
    await functions.connect('counted', { user: 'Grace Hopper' });
    await functions.connect('counted', { user: 'Grace Hopper' });
    expect(await functions.granted({ action: 'link', connection: 'counted' })).toMatchObject({
      generation: 2,
    });
  });

  test('creates no connection, which begins with the consent', async () => {
    const { secrets } = await services.contents();
    await functions.granted({ action: 'link', connection: 'main' });
    expect((await services.contents()).secrets).toEqual(secrets);
    expect(await functions.runtime.store.list()).toEqual([]);
  });

  test('is for the app "default" unless another is named', async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'main' });
    const { location } = (await functions.visit(link, { method: 'POST' })).headers;
    expect(location).toContain(`client_id=${services.apps.user.client_id}`);
  });
});

describe('connect', () => {
  test('creates a Server-to-Server connection whose token n8n can read immediately', async () => {
    const { connection, outcome } = await connectServer('server');
    expect(outcome).toBe('settled');
    expect(connection).toMatchObject({
      connection: 'server',
      app: 'reports',
      grantType: 'account_credentials',
      status: 'active',
      overlap: 'yes',
      expiresAt: services.clock.now() + 3600,
      secretName: 'n8n_zoom_server',
      expression: '{{ $secrets.aws.n8n_zoom_server }}',
    });
    expect(await services.zoomStatus(await services.published('server'))).toBe(200);
  });

  test('repeated creates a new generation, and the earlier token stays valid', async () => {
    await connectServer('server');
    const first = await services.published('server');
    const { connection } = await connectServer('server');
    expect(connection).toMatchObject({ generation: 2, version: 2 });
    expect(await services.published('server')).not.toBe(first);
    expect(await services.zoomStatus(first)).toBe(200);
  });

  test('of two connections with one app leaves both tokens valid', async () => {
    await connectServer('server');
    await connectServer('server_two');
    for (const name of ['server', 'server_two']) {
      expect(await services.zoomStatus(await services.published(name))).toBe(200);
    }
  });
});

describe('status', () => {
  test('returns everything about one connection except its tokens', async () => {
    await connectServer('told');
    const { now, connections } = await status('told');
    expect(now).toBe(services.clock.now());
    expect(connections).toEqual([
      {
        connection: 'told',
        app: 'reports',
        grantType: 'account_credentials',
        status: 'active',
        overlap: 'yes',
        generation: 1,
        version: 1,
        publishedVersion: 1,
        consentedAt: now,
        rotatedAt: now,
        expiresAt: now + 3600,
        validUntil: now + 3600,
        dueAt: expect.any(Number),
        failures: 0,
        scope: expect.stringMatching(/^user:read:user:admin (meeting:\w+:\w+:admin ?){5}$/),
        secretName: 'n8n_zoom_told',
        expression: '{{ $secrets.aws.n8n_zoom_told }}',
      },
    ]);
  });

  test('returns all connections sorted by name, also while one is being rotated', async () => {
    for (const name of ['zebra', 'told', 'ant']) await connectServer(name);
    const lease = {
      owner: 'a-sweep',
      now: services.clock.now(),
      until: services.clock.now() + 180,
      early: true,
    };
    await functions.runtime.store.lease('zebra', lease);
    const { connections } = await status();
    const names = connections.map(({ connection }) => connection);
    expect(names).toEqual(['ant', 'told', 'zebra']);
    expect(JSON.stringify(connections)).not.toMatch(/sealed|lease|a-sweep/i);
  });

  test('contains no piece of any token, sealed or not', async () => {
    await connectServer('server');
    await functions.connect('user');
    for (const { sealedTokens } of await functions.runtime.store.list()) {
      services.watch.note('sealed tokens', sealedTokens);
    }
    expect(services.watch.names()).toEqual(expect.arrayContaining(['sealed tokens', "Zoom's access_token"]));
    expect(services.watch.leaks(JSON.stringify(await status()))).toEqual([]);
  });

  test('says what failed and what to do', async () => {
    await connectMisconfigured('wrong');
    expect((await status('wrong')).connections[0]).toMatchObject({
      status: 'misconfigured',
      version: 2,
      publishedVersion: 1,
      failures: 1,
      lastError: {
        class: 'misconfigured',
        code: 'publish_denied',
        message:
          'The function is not allowed to write the secret "n8n_zoom_wrong", so n8n gets no new token.',
        action: expect.stringContaining('npx cdk deploy'),
        at: services.clock.now(),
      },
    });
  });
});

describe('rotate', () => {
  test('rotates a connection that is not due and returns it before and after', async () => {
    await connectServer('turned');
    services.clock.advance(300);
    const { before, after, outcome } = await rotate('turned');
    expect(outcome).toBe('settled');
    expect(before).toMatchObject({ version: 1, rotatedAt: services.clock.now() - 300 });
    expect(after).toMatchObject({
      version: 2,
      publishedVersion: 2,
      generation: 1,
      rotatedAt: services.clock.now(),
      expiresAt: services.clock.now() + 3600,
      validUntil: services.clock.now() + 3600,
    });
  });

  test("of a user's connection uses each new refresh token for the next rotation", async () => {
    await functions.connect('user');
    const tokens = [await services.published('user')];
    for (let turn = 0; turn < 3; turn += 1) {
      await rotate('user');
      tokens.push(await services.published('user'));
    }
    expect(new Set(tokens).size).toBe(4);
    expect(await services.zoomStatus(tokens.at(-1))).toBe(200);
  });

  test('recovers a misconfigured connection once the operator has fixed the cause', async () => {
    await connectMisconfigured('wrong');
    const { after } = await rotate('wrong');
    expect(after).toMatchObject({ status: 'active', failures: 0 });
    expect(after).not.toHaveProperty('lastError');
    expect(await services.zoomStatus(await services.published('wrong'))).toBe(200);
  });

  test('uses credentials that the operator has just replaced although older ones are cached', async () => {
    const app = 'zoom-token-refresher/app/replaced';
    await services.writeSecret(app, JSON.stringify(services.apps.server));
    await functions.granted({ action: 'connect', connection: 'replaced', app: 'replaced' });
    const cold = createFunctions(services);
    await services.writeSecret(app, JSON.stringify({ ...services.apps.server, client_secret: 'x' }));
    await cold.operate({ action: 'rotate', connection: 'replaced' });
    await services.writeSecret(app, JSON.stringify(services.apps.server));
    const response = await cold.operate({ action: 'rotate', connection: 'replaced' });
    expect(response).toMatchObject({ ok: true, result: { after: { status: 'active' } } });
  });
});
