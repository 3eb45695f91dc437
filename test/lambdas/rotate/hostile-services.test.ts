import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { fetchByNode } from '../../../lambdas/http-client.ts';
import type { Fetch } from '../../../lambdas/tokens/apis/http.ts';
import { createN8n } from '../../../lambdas/tokens/apis/n8n.ts';
import { createZoom } from '../../../lambdas/tokens/apis/zoom.ts';
import type { SweepDependencies } from '../../../lambdas/tokens/dependencies.ts';
import { linkN8n } from '../../../lambdas/tokens/push/link-n8n.ts';
import { sweep } from '../../../lambdas/tokens/sweep/sweep.ts';
import {
  N8N_TIMEOUT_SECONDS,
  USER_TIMEOUT_SECONDS,
  ZOOM_TIMEOUT_SECONDS,
} from '../../../lambdas/tokens/time-budget.ts';
import { type Hostility, startHostileServer } from '../../support/services/hostile-server.ts';
import { HOSTILITIES, SLOW } from '../../support/services/hostilities.ts';
import { World } from '../../support/world/world.ts';

// One connection's Zoom or n8n sends a response that is too large, without end, or slower than anybody waits. The sweep reads it
// with the function's own HTTP client.

const OTHERS = Array.from({ length: 24 }, (_, index) => `user_${index}`);
const MEGABYTE = 1024 * 1024;
/** The bytes that the two ends of a connection on loopback may buffer beyond those that the client reads. */
const BUFFERED = 15 * MEGABYTE;

const KINDS: Record<string, { hostility: Hostility; isSlow: boolean }> = {
  'sends a body of 400 MB': { hostility: HOSTILITIES['sends 400 MB'] as Hostility, isSlow: false },
  'sends a body without end': {
    hostility: HOSTILITIES['sends a body without end'] as Hostility,
    isSlow: false,
  },
  'drips its body': { hostility: SLOW['drips its body'] as Hostility, isSlow: true },
};

let world: World;
let server: Awaited<ReturnType<typeof startHostileServer>>;
/** Requests that the hostile server got, as their time-outs in milliseconds. */
let timeouts: number[];

beforeEach(async () => {
  world = new World();
  timeouts = [];
  world.zoom.userRefusal = () => Response.json({ code: 300 }, { status: 400 });
  for (const name of ['bad', ...OTHERS]) await world.connect(name);
  world.zoom.userRefusal = undefined;
});
afterEach(() => {
  jest.restoreAllMocks();
  server.close();
});

/** Shortens a time-out that would be waited for, and notes how long it would be. */
function shortenTimeouts(isSlow: boolean): WeakMap<AbortSignal, number> {
  const lengths = new WeakMap<AbortSignal, number>();
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  jest.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => {
    const signal = timeout(isSlow ? 50 : 20_000);
    lengths.set(signal, milliseconds);
    return signal;
  });
  return lengths;
}

/** Sends what `isBad` chooses to the hostile server, and everything else to the model. */
async function withHostile(
  kind: { hostility: Hostility; isSlow: boolean },
  isBad: (url: string, request: Parameters<Fetch>[1]) => boolean,
): Promise<(honest: typeof fetch) => Fetch> {
  server = await startHostileServer(kind.hostility);
  const lengths = shortenTimeouts(kind.isSlow);
  return (honest) => async (url, request) => {
    if (!isBad(url, request)) return honest(url, request);
    const length = lengths.get(request.signal) ?? Number.NaN;
    timeouts.push(length);
    try {
      return await fetchByNode(server.url, request);
    } finally {
      if (kind.isSlow) world.pass(length / 1000);
    }
  };
}

const zoomOver = (fetch: Fetch, { now }: SweepDependencies) =>
  createZoom({
    oauthUrl: 'https://zoom.us',
    apiUrl: 'https://api.zoom.us',
    redirectUri: 'https://api.example/callback',
    ...{ fetch, now, warn: () => {} },
  });

/** Expects that the hostile server was asked once, with the time-out of that service, and was not listened to for ever. */
async function expectOneRequest(seconds: number): Promise<void> {
  expect(timeouts).toEqual([seconds * 1000]);
  for (const socket of server.sockets) await new Promise((resolve) => socket.once('close', resolve));
  expect(server.sent.bytes).toBeLessThan(MEGABYTE + BUFFERED);
}

const published = async (names: string[]) => {
  const isCurrent = async (name: string) => world.published(name) === (await world.tokens(name)).accessToken;
  const current = await Promise.all(names.map(isCurrent));
  return names.filter((_, index) => current[index]);
};

describe.each(Object.entries(KINDS))('a service that %s', (_, kind) => {
  test('as Zoom’s token endpoint costs the step of its connection alone, which waits for its next attempt', async () => {
    const { refreshToken = '' } = await world.tokens('bad');
    const hostile = await withHostile(
      kind,
      (_url, { body = '' }) => new URLSearchParams(body).get('refresh_token') === refreshToken,
    );
    world.pass(3600 - 300);
    const deps = world.dependencies();
    const zoom = zoomOver(hostile(world.zoom.fetch), deps);
    const report = await sweep({ ...deps, zoom }, { deadline: world.deadline });
    expect(report).toMatchObject({ rotated: OTHERS.length, published: OTHERS.length, failed: { retry: 1 } });
    expect(await published(OTHERS)).toEqual(OTHERS);
    expect(await world.item('bad')).toMatchObject({
      ...{ status: 'active', version: 1, failures: 1 },
      lastError: { class: 'retry', code: 'no_answer' },
    });
    expect((await world.item('bad')).leaseOwner).toBeUndefined();
    await expectOneRequest(ZOOM_TIMEOUT_SECONDS);
  });

  test('as Zoom’s API costs a connection no more than the name of its user', async () => {
    const hostile = await withHostile(
      kind,
      (url, { headers }) => url.endsWith('/users/me') && String(headers.authorization).includes('access-bad'),
    );
    world.pass(3600 - 300);
    const deps = world.dependencies();
    const zoom = zoomOver(hostile(world.zoom.fetch), deps);
    const report = await sweep({ ...deps, zoom }, { deadline: world.deadline });
    const all = OTHERS.length + 1;
    expect(report).toMatchObject({ rotated: all, published: all, failed: { retry: 0 } });
    expect(await published(['bad', ...OTHERS])).toEqual(['bad', ...OTHERS]);
    expect((await world.item('bad')).zoomUserId).toBeUndefined();
    expect(await world.item('user_0')).toMatchObject({ zoomUserId: 'user_0' });
    await expectOneRequest(USER_TIMEOUT_SECONDS);
  });

  test('as n8n costs the push to that instance alone, which is repeated', async () => {
    const address = 'https://n8n.bad.example.com';
    const dependencies = () => {
      const deps = world.dependencies();
      const port = deps.push as NonNullable<typeof deps.push>;
      return { ...deps, push: { ...port, urls: [...port.urls, address] } };
    };
    const link = (connection: string, instance: string, url: string) =>
      linkN8n({ connection, instance, url, apiKey: world.n8n.apiKey }, dependencies(), {
        deadline: world.deadline,
      });
    await link('bad', 'bad', address);
    for (const name of OTHERS) await link(name, 'office', 'https://n8n.example.com');
    const hostile = await withHostile(kind, (url) => url.startsWith(address));
    world.pass(3600 - 300);
    const deps = dependencies();
    const n8n = createN8n(hostile(world.n8n.fetch as typeof fetch));
    const push = { ...deps.push, n8n };
    const report = await sweep({ ...deps, push }, { deadline: world.deadline });
    const all = OTHERS.length + 1;
    expect(report).toMatchObject({ rotated: all, published: all, pushed: OTHERS.length, pushFailed: 1 });
    for (const name of OTHERS) expect(await world.pushed(name)).toBe(world.published(name));
    const [target] = (await world.item('bad')).targets ?? [];
    expect(target).toMatchObject({ pushedVersion: 1, failures: 1, lastError: { class: 'retry' } });
    await expectOneRequest(N8N_TIMEOUT_SECONDS);
  });
});
