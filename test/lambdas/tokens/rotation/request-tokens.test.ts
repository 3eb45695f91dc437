import { beforeEach, describe, expect, test } from '@jest/globals';
import { connectServerToServer } from '../../../../lambdas/tokens/consent/connect-server-to-server.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';
import { SERVER_APP } from '../../../support/world/zoom-model.ts';

let world: World;
const run = (options?: FunctionOptions) =>
  step('main', world.dependencies(options), { deadline: world.deadline });
const HOUR = 3600;

beforeEach(async () => {
  world = new World();
  await world.connect('main');
});

describe('an app’s credentials that belong to another Zoom app', () => {
  beforeEach(() => world.pass(HOUR - 600));
  const foreign = (requests: string[] = []) => {
    const deps = world.dependencies({
      intercept: (point, call) => {
        requests.push(point);
        return call();
      },
    });
    const app = { clientId: 'another app', clientSecret: world.appSecret };
    return { ...deps, vault: { ...deps.vault, app: async () => app } };
  };

  test('make the connection misconfigured, and its refresh token is not spent on them', async () => {
    const requests: string[] = [];
    await step('main', foreign(requests), { deadline: world.deadline });
    expect(await world.item('main')).toMatchObject({
      status: 'misconfigured',
      clientId: world.zoom.clientId,
      lastError: { class: 'misconfigured', code: 'other_app' },
    });
    expect(requests).not.toContain('zoom.token');
  });

  test('do not harm it: it goes on when the right ones are back', async () => {
    await step('main', foreign(), { deadline: world.deadline });
    world.pass(60);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
    expect(await world.item('main')).toMatchObject({ status: 'active', clientId: world.zoom.clientId });
  });
});

describe('a client secret that was replaced at Zoom', () => {
  beforeEach(() => world.pass(HOUR - 600));

  test('is read again by a warm function, which then rotates at once', async () => {
    const deps = world.dependencies();
    await deps.vault.app('default');
    world.zoom.clientSecret = 'new-secret';
    world.appSecret = 'new-secret';
    expect(await step('main', deps, { deadline: world.deadline })).toMatchObject({
      kind: 'settled',
      rotated: true,
    });
  });

  test('makes the connection misconfigured, which is retried after a minute and recovers once the secret is right', async () => {
    world.zoom.clientSecret = 'new-secret';
    await run();
    const item = await world.item('main');
    expect(item).toMatchObject({ status: 'misconfigured', lastError: { code: 'invalid_client' } });
    expect(item.dueAt - world.time).toBe(60);

    world.appSecret = 'new-secret';
    world.pass(item.dueAt - world.time);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
    expect(await world.item('main')).toMatchObject({ status: 'active', failures: 0 });
  });
});

test('a token that Zoom refuses is sent again when the client secret was replaced meanwhile', async () => {
  world.pass(HOUR - 600);
  let isFirst = true;
  const deps = world.dependencies({
    intercept: (point, call) => {
      if (point !== 'zoom.token' || !isFirst) return call();
      isFirst = false;
      const refusal = { reason: 'Invalid Token!', error: 'invalid_grant' };
      return Promise.resolve(Response.json(refusal, { status: 400 }) as never);
    },
  });
  await deps.vault.app('default');
  world.zoom.clientSecret = 'new-secret';
  world.appSecret = 'new-secret';
  expect(await step('main', deps, { deadline: world.deadline })).toMatchObject({
    kind: 'settled',
    rotated: true,
  });
});

test('a Server-to-Server connection that Zoom refuses is the operator’s to fix, and recovers by itself', async () => {
  const { deadline } = world;
  await connectServerToServer({ connection: 'reports', app: SERVER_APP }, world.dependencies(), { deadline });
  const refusal = () =>
    Response.json({ reason: 'Invalid Token!', error: 'invalid_grant' }, { status: 400 }) as never;
  const deps = world.dependencies({
    intercept: (point, call) => (point === 'zoom.token' ? Promise.resolve(refusal()) : call()),
  });
  expect(await step('reports', deps, { deadline, early: true })).toMatchObject({
    kind: 'failed',
    recorded: 'misconfigured',
    isRefused: false,
  });
  expect((await world.item('reports')).lastError?.action).toContain(
    'Activate the Server-to-Server OAuth app',
  );
});

test('a Server-to-Server app whose account id was corrected gets its token at once', async () => {
  const deps = world.dependencies();
  const { deadline } = world;
  await connectServerToServer({ connection: 'reports', app: SERVER_APP }, deps, { deadline });
  const vault = {
    ...deps.vault,
    app: async (...[name, options]: Parameters<typeof deps.vault.app>) => {
      const app = await deps.vault.app(name, options);
      return options?.fresh ? app : { ...app, accountId: 'another account' };
    },
  };
  expect(await step('reports', { ...deps, vault }, { deadline, early: true })).toMatchObject({
    kind: 'settled',
    rotated: true,
  });
});

test('a token expires counted from the request, not from a response that took long', async () => {
  const sentAt = world.time;
  const deps = world.dependencies({
    intercept: async (point, call) => {
      const response = await call();
      if (point === 'zoom.token') world.pass(8);
      return response;
    },
  });
  await step('main', deps, { deadline: world.deadline, early: true });
  expect(await world.item('main')).toMatchObject({ version: 2, expiresAt: sentAt + HOUR });
});
