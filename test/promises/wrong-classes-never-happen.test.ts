import { beforeEach, describe, expect, test } from '@jest/globals';
import { step } from '../../lambdas/tokens/rotation/step.ts';
import type { Intercept } from '../support/world/world.ts';
import { answering, FLEET, openFleet } from './fleet.ts';

let world: Awaited<ReturnType<typeof openFleet>>['world'];
let run: Awaited<ReturnType<typeof openFleet>>['run'];
let items: Awaited<ReturnType<typeof openFleet>>['items'];
beforeEach(async () => {
  ({ world, run, items } = await openFleet());
});

describe('Wrong classes never happen', () => {
  const networkError = (code: string) => Promise.reject(new TypeError('fetch failed', { cause: { code } }));

  test.each<[string, () => Response | Promise<Response>]>([
    ['a 500', () => Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 500 })],
    ['a 429', () => new Response('slow down', { status: 429, headers: { 'retry-after': '5' } })],
    ['an HTML body', () => new Response('<html>Invalid Token!</html>', { status: 400 })],
    ['a timeout', () => Promise.reject(new DOMException('timed out', 'TimeoutError'))],
    ['a DNS failure', () => networkError('ENOTFOUND')],
    ['a reset', () => networkError('ECONNRESET')],
  ])('%s leaves every connection active', async (_, answer) => {
    await run(answering(answer));
    expect((await items()).map(({ status }) => status)).toEqual(FLEET.map(() => 'active'));
  });

  test.each([
    ['invalid_grant', 400],
    ['invalid_request', 400],
    ['invalid_grant', 401],
    ['invalid_request', 401],
  ])('“Invalid Token!” as %s with %i asks a human, for that connection alone', async (error, status) => {
    const intercept: Intercept = async (point, call) =>
      point === 'zoom.token'
        ? (Response.json({ reason: 'Invalid Token!', error }, { status }) as never)
        : call();
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    await run();
    expect((await items()).map(({ status: is }) => is)).toEqual([
      'reconnect',
      'active',
      'active',
      'active',
      'active',
    ]);
  });

  test('“Invalid Token!” asks nobody where a re-read shows that somebody else was faster', async () => {
    const intercept: Intercept = async (point, call) => {
      const answer = await call();
      if (point !== 'zoom.token') return answer;
      await world.connect('one');
      return Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never;
    };
    await step('one', world.dependencies({ intercept }), { deadline: world.deadline });
    expect(await world.item('one')).toMatchObject({ status: 'active', generation: 2 });
  });

  test('invalid_client makes every connection of the app misconfigured, and heals by itself', async () => {
    world.zoom.clientSecret = 'replaced';
    await run();
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['misconfigured']));
    world.appSecret = 'replaced';
    world.pass(20 * 60);
    await run();
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['active']));
  });

  test('a fleet-wide “Invalid Token!” trips the breaker', async () => {
    await run(
      answering(() => Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 })),
    );
    expect((await items()).map(({ lastError }) => lastError?.code)).toEqual(FLEET.map(() => 'zoom_incident'));
    expect(new Set((await items()).map(({ status }) => status))).toEqual(new Set(['active']));
  });
});
