import '../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRuntime } from '../../lambdas/runtime.ts';
import { open } from '../../lambdas/tokens/sealing/seal.ts';
import { createFunctions, functionsWith } from '../support/services/handlers.ts';
import { startListening } from '../support/services/listener.ts';

let listener: Awaited<ReturnType<typeof startListening>>;
beforeEach(async () => {
  listener = await startListening();
});
afterEach(() => listener.services.close());

describe('no token, code, client secret, ticket, cookie, code verifier or key leaves the functions', () => {
  test('while connections are made, rotated and shown', async () => {
    for (const connection of ['user', 'server']) await listener.operate({ action: 'rotate', connection });
    for (let sweeps = 0; sweeps < 24; sweeps += 1) {
      listener.services.clock.advance(5 * 60);
      await listener.sweep();
    }
    await listener.operate({ action: 'status' });
    expect((await listener.functions.runtime.store.get('user'))?.version).toBeGreaterThan(3);
    await listener.expectNothingLeft();
  });

  test('in an alert, nor with a consent of a different user', async () => {
    const item = await listener.functions.runtime.store.get('user');
    const { refreshToken = '' } = await open(
      item?.sealedTokens ?? '',
      'user',
      listener.functions.runtime.openingKey,
    );
    await listener.services.removeApp(refreshToken);
    listener.services.clock.advance(55 * 60);
    await listener.sweep();
    // A second refusal confirms the first.
    listener.services.clock.advance(5 * 60);
    await listener.sweep();
    expect(listener.services.notifications.map(({ subject }) => subject)).toEqual([
      'Zoom: connect "user" again',
    ]);
    const { page: refused } = await listener.functions.connect('user', { user: 'Grace Hopper' });
    expect(refused.status).toBe(409);
    listener.page(refused);
    listener.page((await listener.functions.connect('user')).page);
    await listener.expectNothingLeft();
  });

  test('in a link, except for its own ticket', async () => {
    const { link } = await listener.functions.granted<{ link: string }>({
      action: 'link',
      connection: 'user',
    });
    expect(listener.services.watch.leaks(link)).toEqual(['the ticket of an address']);
    const { cookies, location } = await listener.functions.begin('user');
    expect(listener.services.watch.leaks(cookies)).toEqual(['a cookie']);
    listener.page(
      await listener.functions.visit(location.replace(/^.*\?/, 'https://tokens.example.com/callback?')),
    );
    await listener.expectNothingLeft();
  });

  test('with a bad ticket, cookie, state or code', async () => {
    const { link, cookies, returned } = await listener.functions.connect('user');
    const url = new URL(returned);
    const changed = (name: string, value: string) => {
      const other = new URL(url);
      other.searchParams.set(name, value);
      return other.href;
    };
    const again = await listener.functions.begin('user');
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
      listener.page(await listener.functions.visit(address, sent && { cookies: sent }));
    listener.services.clock.advance(600);
    listener.page(await listener.functions.visit(again.link));
    listener.page(await listener.functions.visit(returned, { cookies }));
    await listener.expectNothingLeft();
  });

  test('in a repeated callback, a repeated press of a link, or the record of what became of the link', async () => {
    const { functions, services } = listener;
    for (const decline of [false, true]) {
      const { link, id } = await functions.granted<{ link: string; id: string }>({
        action: 'link',
        connection: 'user',
      });
      const { returned, cookies } = await functions.consentAfter(link, { decline });
      const address = { cookies };
      const [first, ...others] = await Promise.all(
        Array.from({ length: 3 }, () => functions.visit(returned, address)),
      );
      for (const page of [first, ...others]) if (page) listener.page(page);
      listener.page(await functions.visit(returned, address));
      listener.page(await functions.visit(returned, { cookies, headers: { 'sec-purpose': 'prefetch' } }));
      listener.page(await functions.visit(link, { cookies, method: 'POST' }));
      await listener.operate({ action: 'link-outcome', id });
      const { Items } = await services.contents();
      const record = Items.find((item) => item.connection?.S === `link#${id}`);
      expect(record).toHaveProperty('end');
      expect(services.watch.leaks(JSON.stringify(record))).toEqual([]);
    }
    await listener.expectNothingLeft();
  });

  test('with a refused request of the operator', async () => {
    const { link } = await listener.functions.begin('user');
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
    const secret = listener.services.apps.server.client_secret;
    for (const value of [
      secret,
      `{"client_id":"i","client_secret":"${secret}`,
      `{"client_id":"${secret}"}`,
    ]) {
      await listener.services.writeSecret('zoom-token-refresher/app/broken', value);
      for (const action of ['link', 'connect']) {
        await listener.operate(
          { action, connection: 'new', app: 'broken' },
          createFunctions(listener.services),
        );
      }
    }
    for (const denied of [
      'GetSecretValue zoom-token-refresher/sealing-key',
      'PutSecretValue n8n_zoom_user',
    ]) {
      listener.services.denied.add(denied);
      const cold = createFunctions(listener.services);
      await listener.operate({ action: 'rotate', connection: 'user' }, cold);
      await listener.sweep(cold);
      listener.services.denied.clear();
    }
    await listener.expectNothingLeft();
  });

  test('from a wrong environment', async () => {
    const { client_secret } = listener.services.apps.user;
    const wrong = {
      ...listener.services.environment,
      PUBLIC_URL: client_secret,
      MARGIN_SECONDS: client_secret,
    };
    const broken = functionsWith(() => createRuntime(wrong), listener.services);
    listener.page(await broken.visit('https://tokens.example.com/connect?ticket=x'));
    await listener.operate({ action: 'status' }, broken);
    await listener.sweep(broken);
    await listener.expectNothingLeft();
  });

  test('while the table or Zoom is unreachable', async () => {
    for (const variables of [
      { TABLE_NAME: 'no-such-table' },
      { ZOOM_OAUTH_URL: listener.services.nowhere },
    ]) {
      const failing = createFunctions(listener.services, variables);
      const { returned, cookies } = await listener.functions.consent('user');
      listener.page(await failing.visit(returned, { cookies }));
      for (const action of ['rotate', 'connect']) {
        await listener.operate({ action, connection: 'server', app: 'reports' }, failing);
      }
      listener.services.clock.advance(60 * 60);
      await listener.sweep(failing);
    }
    await listener.expectNothingLeft();
  });
});
