import '../../local/silence-powertools.ts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { startLocalStack } from '../../local/stack.ts';

const MINUTES = 60;

let clock: ReturnType<typeof manualClock>;
let stack: LocalStack;
/** The name of a secret that nobody may read. */
let unreadable: string | undefined;

beforeEach(async () => {
  clock = manualClock();
  unreadable = undefined;
  const denied = (name: string, operation: string) => name === unreadable && /^(Batch)?Get/.test(operation);
  stack = await startLocalStack({ now: clock.now, speed: 120, port: 0, denied });
});

afterEach(() => stack.close());

const connectReports = () => stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });

const readAndCall = async () => {
  await stack.n8n.readSecrets();
  await stack.n8n.callZoom();
};

/** Returns Zoom's responses: with this program, and without it. */
const responses = () => stack.n8n.callsOf('reports').map(({ withUs, withoutUs }) => [withUs, withoutUs]);

test('the sample n8n calls Zoom only for connections of which it has read a token', async () => {
  await readAndCall();
  await connectReports();
  await stack.n8n.callZoom();
  expect(responses()).toEqual([]);
  await readAndCall();
  expect(responses()).toEqual([[200, 200]]);
  expect(stack.n8n.callsOf('main')).toEqual([]);
});

test('the token that was pasted once is refused after an hour, and the published one is not', async () => {
  await connectReports();
  await readAndCall();
  for (const minutes of [31, 31, 31]) {
    clock.advance(minutes * MINUTES);
    await stack.sweep();
    await readAndCall();
  }
  expect(responses()).toEqual([
    [200, 200],
    [200, 200],
    [200, 401],
    [200, 401],
  ]);
  expect(stack.n8n.callsOf('reports').map(({ isNewToken }) => isNewToken)).toEqual([false, true, true, true]);
});

test('the sample n8n calls with an old token until its next read, as n8n does', async () => {
  await connectReports();
  await readAndCall();
  clock.advance(31 * MINUTES);
  await stack.sweep();
  await stack.n8n.callZoom();
  expect(stack.n8n.callsOf('reports').at(-1)).toMatchObject({ withUs: 200, isNewToken: false });
  clock.advance(30 * MINUTES);
  await stack.n8n.callZoom();
  expect(responses().at(-1)).toEqual([401, 401]);
});

test('an outage of Zoom is a failure with this program and without it', async () => {
  await connectReports();
  await readAndCall();
  if (stack.zoom) stack.zoom.breakage.zoomIsDown = true;
  await readAndCall();
  expect(responses().at(-1)).toEqual([503, 503]);
});

test('a secret that n8n cannot read leaves it without a token', async () => {
  await connectReports();
  await readAndCall();
  if (stack.zoom) stack.zoom.breakage.kmsKeyIsDisabled = true;
  await readAndCall();
  expect(responses().at(-1)).toEqual([401, 200]);
});

const moveReports = (place: string) => stack.operate({ action: 'move', connection: 'reports', place });
/** Ends the place that `reports` has left. */
const finishMove = () => stack.operate({ action: 'move', connection: 'reports', finish: true });

test('the sample n8n reads a connection where it is published: in a bundle and back in its own secret', async () => {
  await connectReports();
  await readAndCall();
  for (const place of ['bundle_sales', 'own']) {
    await moveReports(place);
    await readAndCall();
    await finishMove();
    for (const minutes of [25, 20, 20]) {
      clock.advance(minutes * MINUTES);
      await stack.sweep();
    }
    await readAndCall();
  }
  expect(responses().map(([withUs]) => withUs)).toEqual([200, 200, 200, 200, 200]);
});

test('the sample n8n reads the kept old place while the new one cannot be read', async () => {
  await connectReports();
  await readAndCall();
  await moveReports('bundle_sales');
  unreadable = 'n8n_zoom_bundle_sales';
  await readAndCall();
  expect(responses().at(-1)).toEqual([200, 200]);
});

test('the sample n8n does not call with a connection that is only pushed', async () => {
  await stack.operate({ action: 'connect', connection: 'reports', app: 'reports', place: 'none' });
  await readAndCall();
  expect(responses()).toEqual([]);
});

test('the latest thirty calls are kept', async () => {
  await connectReports();
  await stack.n8n.readSecrets();
  for (let calls = 0; calls < 31; calls += 1) await stack.n8n.callZoom();
  expect(stack.n8n.callsOf('reports')).toHaveLength(30);
});
