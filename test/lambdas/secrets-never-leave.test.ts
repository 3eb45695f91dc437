import '../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRuntime } from '../../lambdas/runtime.ts';
import { open } from '../../lambdas/tokens/sealing/seal.ts';
import { createFunctions, functionsWith } from '../support/services/handlers.ts';
import { createListener } from '../support/services/listener.ts';
import { type Services, startServices } from '../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
let listener: ReturnType<typeof createListener>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  listener = createListener(services, functions);
  listener.page((await functions.connect('user')).page);
  await listener.operate({ action: 'connect', connection: 'server', app: 'reports' });
});
afterEach(() => services.close());

describe('no token, code, client secret, ticket, cookie, code verifier or key leaves the functions', () => {
  test('while connections are made, rotated and shown', async () => {
    for (const connection of ['user', 'server']) await listener.operate({ action: 'rotate', connection });
    for (let sweeps = 0; sweeps < 24; sweeps += 1) {
      services.clock.advance(5 * 60);
      await listener.sweep();
    }
    await listener.operate({ action: 'status' });
    expect((await functions.runtime.store.get('user'))?.version).toBeGreaterThan(3);
    await listener.expectNothingLeft();
  });

  test('in an alert, nor with a consent of a different user', async () => {
    const item = await functions.runtime.store.get('user');
    const { refreshToken = '' } = await open(item?.sealedTokens ?? '', 'user', functions.runtime.keyring);
    await services.takeAppAway(refreshToken);
    services.clock.advance(60 * 60);
    await listener.sweep();
    expect(services.notifications.map(({ subject }) => subject)).toEqual(['Zoom: connect "user" again']);
    const { page: refused } = await functions.connect('user', { user: 'Grace Hopper' });
    expect(refused.status).toBe(409);
    listener.page(refused);
    listener.page((await functions.connect('user')).page);
    await listener.expectNothingLeft();
  });

  test('in a link, except for its own ticket', async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'user' });
    expect(services.watch.leaks(link)).toEqual(['the ticket of an address']);
    const { cookies, location } = await functions.begin('user');
    expect(services.watch.leaks(cookies)).toEqual(['a cookie']);
    listener.page(await functions.visit(location.replace(/^.*\?/, 'https://tokens.example.com/callback?')));
    await listener.expectNothingLeft();
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
    for (const [address, sent] of visits)
      listener.page(await functions.visit(address, sent && { cookies: sent }));
    services.clock.advance(600);
    listener.page(await functions.visit(again.link));
    listener.page(await functions.visit(returned, { cookies }));
    await listener.expectNothingLeft();
  });

  test('with a refused request of the operator', async () => {
    const { link } = await functions.begin('user');
    for (const request of [
      { action: link, connection: 'user' },
      { action: 'rotate', connection: 'nobody' },
      { action: 'connect', connection: 'user', app: 'reports' },
      { action: 'connect', connection: 'new', app: 'default' },
    ]) {
      await listener.operate(request);
    }
    await listener.expectNothingLeft();
  });

  test('from secrets that are invalid, denied or truncated', async () => {
    const secret = services.apps.server.client_secret;
    for (const value of [
      secret,
      `{"client_id":"i","client_secret":"${secret}`,
      `{"client_id":"${secret}"}`,
    ]) {
      await services.writeSecret('zoom-token-refresher/app/broken', value);
      for (const action of ['link', 'connect']) {
        await listener.operate({ action, connection: 'new', app: 'broken' }, createFunctions(services));
      }
    }
    for (const denied of ['GetSecretValue zoom-token-refresher/key', 'PutSecretValue n8n_zoom_user']) {
      services.denied.add(denied);
      const cold = createFunctions(services);
      await listener.operate({ action: 'rotate', connection: 'user' }, cold);
      await listener.sweep(cold);
      services.denied.clear();
    }
    await listener.expectNothingLeft();
  });

  test('from a wrong environment', async () => {
    const { client_secret } = services.apps.user;
    const wrong = { ...services.environment, PUBLIC_URL: client_secret, MARGIN_SECONDS: client_secret };
    const broken = functionsWith(() => createRuntime(wrong), services.watch);
    listener.page(await broken.visit('https://tokens.example.com/connect?ticket=x'));
    await listener.operate({ action: 'status' }, broken);
    await listener.sweep(broken);
    await listener.expectNothingLeft();
  });

  test('while the table or Zoom is unreachable', async () => {
    for (const variables of [{ TABLE_NAME: 'no-such-table' }, { ZOOM_OAUTH_URL: services.nowhere }]) {
      const failing = createFunctions(services, variables);
      const { returned, cookies } = await functions.consent('user');
      listener.page(await failing.visit(returned, { cookies }));
      for (const action of ['rotate', 'connect']) {
        await listener.operate({ action, connection: 'server', app: 'reports' }, failing);
      }
      services.clock.advance(60 * 60);
      await listener.sweep(failing);
    }
    await listener.expectNothingLeft();
  });
});
