import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { fetchByNode } from '../../lambdas/http-client.ts';
import type { Fetch, HttpRequest } from '../../lambdas/tokens/apis/http.ts';
import { createN8n } from '../../lambdas/tokens/apis/n8n.ts';
import { createZoom } from '../../lambdas/tokens/apis/zoom.ts';
import { type Hostility, startHostileServer } from '../support/services/hostile-server.ts';
import { HOSTILITIES, ODD, SECRET, SLOW } from '../support/services/hostilities.ts';

// Whatever a server sends, the promise settles once and the process lives on.

let server: Awaited<ReturnType<typeof startHostileServer>> | undefined;
/** Starts a server, and so a connection that no earlier request has used. */
const start = async (hostility: Hostility) => {
  server = await startHostileServer(hostility);
  return server;
};
afterEach(() => server?.close());

const request = (milliseconds = 20_000): HttpRequest => ({
  method: 'POST',
  headers: { authorization: 'Basic x' },
  body: 'grant_type=refresh_token',
  redirect: 'manual',
  signal: AbortSignal.timeout(milliseconds),
});
const failure = (sent: Promise<unknown>) =>
  sent.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a request to a server that', () => {
  test.each(Object.entries(HOSTILITIES))('%s is rejected with a code', async (_, hostility) => {
    const { url } = await start(hostility);
    const error = await failure(fetchByNode(url, request()));
    const { code } = hostility;
    expect(error).toMatchObject({
      name: 'TypeError',
      cause: { code: typeof code === 'string' ? code : expect.stringMatching(code) },
    });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain(SECRET);
  });

  test.each(Object.entries(SLOW))('%s ends at the deadline', async (_, hostility) => {
    const { url } = await start(hostility);
    expect(await failure(fetchByNode(url, request(40)))).toMatchObject({ name: 'TimeoutError' });
  });
});

describe.each<[string, Fetch]>([
  ['the global fetch', fetch],
  ["Node's client", fetchByNode],
])('%s', (_, send) => {
  test.each(Object.entries(ODD))(
    'reads a response although %s',
    async (_, { status, text, ...hostility }) => {
      const { url } = await start(hostility);
      const response = await send(url, request());
      expect([response.status, await response.text()]).toEqual([status, text]);
    },
  );
});

test.each(['sends a body without end', 'sends chunks without end', 'sends 400 MB'])(
  'the connection is closed at once where a server %s',
  async (name) => {
    const { url, sockets } = await start(HOSTILITIES[name] as Hostility);
    await failure(fetchByNode(url, request()));
    const [socket] = sockets;
    // It sends until its socket closes.
    if (socket) await new Promise((resolve) => socket.once('close', resolve));
    expect(sockets.size).toBe(0);
  },
);

test('a second response on the same connection is discarded', async () => {
  const { url } = await start(ODD['a second response follows'] as Hostility);
  for (let time = 0; time < 3; time += 1) {
    expect(await (await fetchByNode(url, request())).text()).toBe('{}');
  }
});

test('no server ends the process, whatever it sends', async () => {
  // Where a listener throws or a rejection is not handled, Node ends a program; Jest would hide it.
  const program = `
    import { fetchByNode } from ${JSON.stringify(new URL('../../lambdas/http-client.ts', import.meta.url).href)};
    import { startHostileServer } from ${JSON.stringify(new URL('../support/services/hostile-server.ts', import.meta.url).href)};
    import { HOSTILITIES, ODD, SLOW } from ${JSON.stringify(new URL('../support/services/hostilities.ts', import.meta.url).href)};
    let settled = 0;
    const count = () => { settled += 1; };
    for (const [hostilities, deadline] of [[HOSTILITIES, 20_000], [ODD, 20_000], [SLOW, 50]]) {
      for (const hostility of Object.values(hostilities)) {
        const server = await startHostileServer(hostility);
        const send = () => {
          const signal = AbortSignal.timeout(deadline);
          return fetchByNode(server.url, { method: 'GET', headers: {}, redirect: 'manual', signal });
        };
        await Promise.all([send(), send(), send()].map((sent) => sent.then(count, count)));
        server.close();
      }
    }
    console.log(settled);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(errors).toBe('');
  expect(Number(output)).toBe(3 * Object.keys({ ...HOSTILITIES, ...ODD, ...SLOW }).length);
  expect(await ended).toEqual([0, null]);
});

describe('a rotation or a push that meets such a server', () => {
  test.each(Object.entries(HOSTILITIES))('%s: it is retried', async (_, hostility) => {
    const { url } = await start(hostility);
    const zoom = createZoom({
      oauthUrl: url,
      apiUrl: url,
      redirectUri: `${url}/callback`,
      fetch: fetchByNode,
      now: () => 1_800_000_000,
    });
    const rotation = await failure(zoom.refresh({ clientId: 'id', clientSecret: 'secret' }, 'a token'));
    expect(rotation).toMatchObject({ class: 'retry', code: 'no_answer' });
    const push = await failure(createN8n(fetchByNode).update({ url: url, apiKey: 'key' }, 'id', 'a token'));
    expect(push).toMatchObject({ class: 'retry', code: 'n8n_unreachable' });
    expect(inspect([rotation, push], { depth: Infinity })).not.toContain(SECRET);
  });
});
