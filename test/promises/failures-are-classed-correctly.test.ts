import { beforeEach, describe, expect, test } from '@jest/globals';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import type { Intercept } from '../support/world/world.ts';
import { FLEET, openFleet, responding } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
let items: Awaited<ReturnType<typeof openFleet>>['items'];
beforeEach(async () => {
  ({ world, run, items } = await openFleet());
});

describe('Failures are classed correctly', () => {
  const networkError = (code: string) => Promise.reject(new TypeError('fetch failed', { cause: { code } }));

  test.each<[string, () => Response | Promise<Response>]>([
    ['a 500', () => Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 500 })],
    ['a 429', () => new Response('slow down', { status: 429, headers: { 'retry-after': '5' } })],
    ['a 400 with HTML', () => new Response('<html>Invalid Token!</html>', { status: 400 })],
    ['a timeout', () => Promise.reject(new DOMException('timed out', 'TimeoutError'))],
    ['a DNS failure', () => networkError('ENOTFOUND')],
    ['a reset', () => networkError('ECONNRESET')],
  ])('%s leaves every connection active', async (_, respond) => {
    await run(responding(respond));
    expect((await items()).map(({ status }) => status)).toEqual(FLEET.map(() => 'active'));
  });

  test.each([
    ['invalid_grant', 400],
    ['invalid_request', 400],
    ['invalid_grant', 401],
    ['invalid_request', 401],
  ])(
    '“Invalid Token!” as %s with %i makes that connection alone a suspect, and marks it for reconnect when it is confirmed',
    async (error, status) => {
      const intercept: Intercept = async (point, call) =>
        point === 'zoom.token'
          ? (Response.json({ reason: 'Invalid Token!', error }, { status }) as never)
          : call();
      await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
      await run();
      expect((await items()).map(({ lastError }) => lastError?.code)).toEqual([
        'suspect',
        ...FLEET.slice(1).map(() => undefined),
      ]);
      expect((await items()).map(({ status: is }) => is)).toEqual(FLEET.map(() => 'active'));
      world.pass(300);
      await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
      expect((await items()).map(({ status: is }) => is)).toEqual([
        'reconnect',
        'active',
        'active',
        'active',
        'active',
      ]);
    },
  );

  test('“Invalid Token!” marks nothing for reconnect when a newer consent has replaced the refused token', async () => {
    const intercept: Intercept = async (point, call) => {
      const result = await call();
      if (point !== 'zoom.token') return result;
      await world.connect('one');
      return Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never;
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'active', generation: 2 });
  });

  test('invalid_client makes every connection of the app misconfigured until the operator fixes the secret', async () => {
    world.zoom.clientSecret = 'replaced';
    await run();
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['misconfigured']));
    world.appSecret = 'replaced';
    world.pass(20 * 60);
    await run();
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['active']));
  });

  test('“Invalid Token!” for most of the fleet counts as an incident: no connection is marked for reconnect', async () => {
    const refused = responding(() =>
      Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }),
    );
    for (let minute = 0; minute < 60; minute += 5) {
      await run(refused);
      world.pass(300);
    }
    expect((await items()).map(({ lastError }) => lastError?.code)).toEqual(FLEET.map(() => 'zoom_incident'));
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['active']));
    expect(world.incidents).toMatchObject([{ app: 'default', refused: FLEET.length }]);
    expect(world.alerts).toEqual([]);
  });

  test('“Invalid Token!” for one app’s connections says nothing of another app’s', async () => {
    const { store } = world;
    await run(
      responding(() => Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 })),
    );
    expect(await store.appHealth('default')).toHaveProperty('incidentSince', world.time);
    expect(await store.appHealth('reports')).toBeUndefined();
  });
});
