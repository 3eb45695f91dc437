import '../../local/silence-powertools.ts';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { noBreakage } from '../../local/breakage.ts';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import type { State } from '../../local/page/state.ts';
import { readAsN8n } from '../../local/read-as-n8n.ts';
import { startLocalStack } from '../../local/stack.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';

const REAL = [
  ...(['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask'] as const),
  ...(['setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout'] as const),
];

let clock: ReturnType<typeof manualClock>;
let stack: LocalStack;

beforeEach(async () => {
  clock = manualClock();
  stack = await startLocalStack({ now: clock.now, speed: 120, port: 0 });
});

afterEach(() => stack.close());

const get = (path: string) => fetch(`${stack.publicUrl}${path}`, { redirect: 'manual' });
const connectReports = () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });

describe('the live page', () => {
  test('has a Content-Security-Policy that allows only its own style and script', async () => {
    const response = await get('/');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toMatch(/unsafe|https?:|\*/);

    const html = await response.text();
    const linked = [...html.matchAll(/(?:src|href)="(\/[\w.]+)"/g)].map(([, path]) => path as string);
    expect(linked).toEqual(['/cards.css', '/panel.css', '/page.css', '/page.js']);
    for (const path of linked) expect((await get(path)).status).toBe(200);
  });
});

describe('/link/<connection>', () => {
  test('redirects to a new one-time link, which no cache and no other site receives', async () => {
    const [first, second] = [await get('/link/main'), await get('/link/main')];
    expect(first.status).toBe(302);
    expect(first.headers.get('location')).toContain(`${stack.publicUrl}/connect?ticket=`);
    expect(first.headers.get('location')).not.toBe(second.headers.get('location'));
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('explains why no link was created', async () => {
    await connectReports();
    const response = await get('/link/reports');
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).toContain('is already connected with the grant account_credentials.');
    // A browser obeys every policy that it gets: a second one would deny the page its style.
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^,]*$/,
    );
  });

  test('escapes markup in its path', async () => {
    const html = await (await get("/link/a&b'")).text();
    expect(html).toContain('a&amp;b&#39;');
    expect(html).not.toContain('a&b');
  });
});

describe('the button Rotate now', () => {
  const rotate = (connection: string, headers: Record<string, string>) =>
    fetch(`${stack.publicUrl}/rotate/${connection}`, { method: 'POST', headers });
  const rotations = () => stack.journal.entries.filter(({ event }) => event === 'rotated').length;

  beforeEach(connectReports);

  test('rotates when the Origin header is that of this page', async () => {
    const response = await rotate('reports', { origin: stack.publicUrl });
    expect(response.status).toBe(200);
    expect(rotations()).toBe(1);
  });

  test('rotates when the browser says that the request is same-origin', async () => {
    const response = await rotate('reports', { 'sec-fetch-site': 'same-origin' });
    expect(response.status).toBe(200);
    expect(rotations()).toBe(1);
  });

  test.each<Record<string, string>>([
    {},
    { origin: 'null' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
  ])('is refused for the page of another site: %j', async (headers) => {
    const response = await rotate('reports', headers);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ message: 'The request does not come from this page.' });
    expect(rotations()).toBe(0);
  });

  test('responds with what failed and what to do', async () => {
    const response = await rotate('nobody', { origin: stack.publicUrl });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      message: 'There is no connection “nobody”.',
      action: expect.any(String),
    });
  });

  test('does nothing for a GET, which a browser may prefetch', async () => {
    expect((await get('/rotate/reports')).status).toBe(404);
  });
});

describe('/events', () => {
  beforeEach(() => {
    // The test controls the interval of one second; everything else runs in real time.
    jest.useFakeTimers({ doNotFake: REAL });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  /** Reads the event stream as a browser does. */
  async function follow() {
    const response = await get('/events');
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (!reader) throw new Error('The response has no body.');
    let text = '';
    return {
      type: response.headers.get('content-type'),
      /** Resolves to the next state that fulfils the condition. */
      async until(isWanted: (state: State) => boolean): Promise<State> {
        for (;;) {
          const end = text.indexOf('\n\n');
          if (end === -1) {
            const { value, done } = await reader.read();
            if (done) throw new Error('The event stream has ended.');
            text += value;
            continue;
          }
          const state = JSON.parse(text.slice('data: '.length, end)) as State;
          text = text.slice(end + 2);
          if (isWanted(state)) return state;
        }
      },
      stop: () => reader.cancel(),
    };
  }

  test('sends the state at once', async () => {
    const events = await follow();
    expect(events.type).toBe('text/event-stream');
    expect(await events.until(() => true)).toEqual({
      now: clock.now(),
      speed: 120,
      speedText: '120 times as fast as real time: an hour takes 30 s',
      zoom: 'the local Zoom',
      environment: expect.stringContaining(
        `export AWS_ENDPOINT_URL_SECRETS_MANAGER=${stack.environment.AWS_ENDPOINT_URL_SECRETS_MANAGER}\n`,
      ),
      n8nHint: expect.stringContaining('the type Zoom API and paste the expression into the field JWT Token'),
      connectable: true,
      breakage: noBreakage(),
      list: { total: 0, found: 0, page: 0, pages: 1, works: 0, needAttention: 0, fails: 0 },
      connections: [],
      events: [],
    });
    await events.stop();
  });

  test('sends the events, the newest first, and never a whole token', async () => {
    const events = await follow();
    await connectReports();
    const connected = await events.until((state) => state.connections[0]?.publishedVersion === 1);
    expect(connected.connections).toMatchObject([
      { connection: 'reports', status: 'active', publishedVersion: 1, validUntil: clock.now() + 3600 },
    ]);
    expect(connected.events).toMatchObject([{ event: 'connected', title: 'reports connected' }]);

    clock.advance(31 * 60);
    await stack.sweep();
    const rotated = await events.until((state) => state.connections[0]?.publishedVersion === 2);
    expect(rotated.now).toBe(clock.now());
    expect(rotated.events[0]).toMatchObject({ event: 'rotated', at: clock.now() });

    const token = (await readAsN8n(stack.secretsManager)).get('n8n_zoom_reports') as string;
    expect(rotated.connections[0]?.maskedToken).toBe(`••••••••${token.slice(-4)}`);
    expect(JSON.stringify(rotated)).not.toContain(token);
    await events.stop();
  });

  test('says that n8n’s token has expired, and not that the connection is active', async () => {
    await connectReports();
    clock.advance(2 * 3600);
    const events = await follow();
    const { connections } = await events.until(() => true);
    expect(connections).toMatchObject([{ sees: { tone: 'bad', text: 'Expired 60 min ago' } }]);
    await events.stop();
  });

  test('sends the whole text of the alert once a connection needs a new consent', async () => {
    await consentAsBrowser(`${stack.publicUrl}/link/main`);
    // The refresh token has expired, because it was not used for 91 days.
    clock.advance(91 * 86_400);
    await stack.sweep();
    // A second refusal confirms the first.
    clock.advance(300);
    await stack.sweep();
    const events = await follow();
    const { connections, events: shown } = await events.until(() => true);
    expect(connections).toMatchObject([{ connection: 'main', status: 'reconnect' }]);
    const alert = shown.find(({ event }) => event === 'alert');
    expect(alert?.title).toBe('Alert: Zoom: connect “main” again');
    expect(alert?.paragraphs[1]).toEqual({
      text: 'main',
      facts: expect.arrayContaining([{ term: 'Run', description: 'npx zoom-tokens connect main' }]),
    });
    await events.stop();
  });

  test('sends the state every second', async () => {
    const events = await follow();
    const { now } = await events.until(() => true);
    clock.advance(120);
    jest.advanceTimersByTime(1000);
    expect((await events.until(() => true)).now).toBe(now + 120);
    await events.stop();
  });

  test('sends the connections that the search and the page select', async () => {
    await connectReports();
    const response = await get('/events?search=nothing&page=3');
    const { value } = (await response.body?.pipeThrough(new TextDecoderStream()).getReader().read()) ?? {};
    const state = JSON.parse(String(value).slice('data: '.length)) as State;
    expect(state.connections).toEqual([]);
    expect(state.list).toMatchObject({ total: 1, found: 0, page: 0 });
  });

  test('ends when the stack is closed', async () => {
    const events = await follow();
    await stack.close();
    await expect(events.until(() => false)).rejects.toThrow();
  });
});
