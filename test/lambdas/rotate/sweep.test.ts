import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRuntime } from '../../../lambdas/runtime.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import { createFunctions, functionsWith } from '../../support/services/handlers.ts';
import { logLines, type Metric, metricsIn, takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  takeOutput();
});
afterEach(() => services.close());

const MINUTE = 60;
/** The scheduler starts a sweep every minute. The promises must hold with fewer sweeps as well. */
const EVERY = 5;
const connectServer = (connection: string, app = 'reports') =>
  functions.granted({ action: 'connect', connection, app });
const stored = (connection: string) => functions.runtime.store.get(connection);

/** Sweeps every five minutes for so many minutes. Returns every report, metric and log line. */
async function sweepFor(minutes: number, by: Pick<typeof functions, 'sweep'> = functions) {
  takeOutput();
  const reports: Awaited<ReturnType<typeof functions.sweep>>[] = [];
  for (let minute = 0; minute < minutes; minute += EVERY) {
    services.clock.advance(EVERY * MINUTE);
    reports.push(await by.sweep());
  }
  const output = takeOutput();
  return { reports, metrics: metricsIn(output), lines: logLines(output) };
}

/** The user removes the app at Zoom: the refresh token of the connection is dead from now on. */
async function removeApp(connection: string): Promise<void> {
  const { sealedTokens = '' } = (await stored(connection)) ?? {};
  const { refreshToken = '' } = await open(sealedTokens, connection, functions.runtime.openingKey);
  await services.removeApp(refreshToken);
}

const named = (metrics: Metric[], name: string) => metrics.filter((metric) => metric.name === name);
const values = (metrics: Metric[], name: string) => named(metrics, name).map(({ value }) => value);
const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
const SERVICE = { service: 'zoom-token-refresher' };
const failed = (metrics: Metric[]) => named(metrics, 'RotationFailed').map(({ dimensions }) => dimensions);

describe('a sweep without a connection', () => {
  test('reports that it did nothing', async () => {
    const { reports } = await sweepFor(EVERY);
    expect(reports).toEqual([
      {
        rotated: 0,
        published: 0,
        publishFailed: 0,
        pushed: 0,
        pushFailed: 0,
        failed: { reconnect: 0, misconfigured: 0, retry: 0, rejected: 0 },
        took: 0,
        health: { minutesOfValidity: undefined, reconnect: 0, misconfigured: 0 },
      },
    ]);
  });

  test('records the metrics that the alarms watch, with the service as their only dimension', async () => {
    const { metrics } = await sweepFor(EVERY);
    const zero = (name: string, unit = 'Count') => ({ name, unit, value: 0, dimensions: SERVICE });
    expect(metrics).toEqual([
      zero('Rotated'),
      zero('Published'),
      zero('PublishFailed'),
      zero('Pushed'),
      zero('PushFailed'),
      zero('SweepSeconds', 'Seconds'),
      zero('ReconnectNeeded'),
      zero('Misconfigured'),
    ]);
  });

  test('records its metrics in the namespace that its environment names', async () => {
    await functions.sweep();
    const [document = '{}'] = takeOutput().filter((text) => text.includes('"_aws"'));
    expect(JSON.parse(document)._aws.CloudWatchMetrics).toMatchObject([{ Namespace: 'ZoomTokenRefresher' }]);
  });
});

test('each metric has a value every minute, although only every third sweep checks the whole fleet', async () => {
  await connectServer('server');
  services.clock.advance(3 * MINUTE);
  await functions.sweep();
  takeOutput();
  for (let minute = 0; minute < 4; minute += 1) {
    services.clock.advance(MINUTE);
    await functions.sweep();
  }
  const metrics = metricsIn(takeOutput());
  const [first = 0, ...later] = values(metrics, 'MinutesOfValidity');
  expect(later).toEqual([first - 1, first - 2, first - 3]);
  for (const name of ['ReconnectNeeded', 'Misconfigured'])
    expect(values(metrics, name)).toEqual([0, 0, 0, 0]);
});

describe('sweeps over a user-managed and a Server-to-Server connection', () => {
  beforeEach(async () => {
    await connectServer('server');
    await functions.connect('user');
  });

  test('rotate each in time, so that n8n never holds an expired token', async () => {
    for (let minute = 0; minute < 180; minute += EVERY) {
      await sweepFor(EVERY);
      for (const name of ['server', 'user']) {
        expect(await services.zoomStatus(await services.published(name))).toBe(200);
      }
    }
    // Early (at half-life) where an earlier token outlives its rotation, late where that is not known.
    expect((await stored('server'))?.version).toBeGreaterThanOrEqual(6);
    expect((await stored('user'))?.version).toBeGreaterThanOrEqual(4);
  });

  test('record each rotation, each publication and the minutes that n8n’s tokens have left as metrics', async () => {
    const { reports, metrics } = await sweepFor(60);
    const rotations = sum(reports.map(({ rotated }) => rotated));
    expect(rotations).toBeGreaterThanOrEqual(2);
    expect(sum(values(metrics, 'Rotated'))).toBe(rotations);
    expect(sum(values(metrics, 'Published'))).toBe(rotations);
    const minutes = values(metrics, 'MinutesOfValidity');
    expect(minutes).toHaveLength(60 / EVERY);
    expect(Math.min(...minutes)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...minutes)).toBeLessThanOrEqual(60);
    expect(named(metrics, 'MinutesOfValidity')[0]).toMatchObject({ unit: 'None', dimensions: SERVICE });
  });

  test('log each rotation and publication with the connection’s name, generation and version', async () => {
    const { lines } = await sweepFor(60);
    for (const message of ['rotated', 'published']) {
      expect(lines).toContainEqual(
        expect.objectContaining({
          level: 'INFO',
          message,
          service: 'zoom-token-refresher',
          function_name: 'zoom-token-refresher-test',
          connection: 'user',
          app: 'default',
          generation: 1,
          version: (await stored('user'))?.version,
        }),
      );
    }
  });
});

describe('when a step fails', () => {
  const app = 'zoom-token-refresher/app/old';

  test('because the app’s secret is wrong, RotationFailed and Misconfigured count it until the operator fixes it', async () => {
    await services.writeSecret(app, JSON.stringify(services.apps.server));
    await connectServer('mended', 'old');
    await services.writeSecret(app, JSON.stringify({ ...services.apps.server, client_secret: 'old' }));
    const cold = createFunctions(services);
    const { metrics } = await sweepFor(35, cold);
    expect(failed(metrics)).toContainEqual({ ...SERVICE, class: 'misconfigured' });
    expect(values(metrics, 'Misconfigured').at(-1)).toBe(1);
    expect(await stored('mended')).toMatchObject({ status: 'misconfigured' });

    await services.writeSecret(app, JSON.stringify(services.apps.server));
    const healed = await sweepFor(20, cold);
    expect(values(healed.metrics, 'Misconfigured').at(-1)).toBe(0);
    expect(await stored('mended')).toMatchObject({ status: 'active', failures: 0 });
  });

  test('because Zoom is unreachable, it is retried more than once before the token expires', async () => {
    await connectServer('server');
    const down = createFunctions(services, { ZOOM_OAUTH_URL: services.nowhere });
    const { metrics } = await sweepFor(60, down);
    const classes = new Set(failed(metrics).map(({ class: failureClass }) => failureClass));
    expect(classes).toEqual(new Set(['retry']));
    expect(await stored('server')).toMatchObject({ status: 'active', lastError: { class: 'retry' } });
    expect((await stored('server'))?.failures).toBeGreaterThan(1);
    await sweepFor(EVERY);
    expect(await stored('server')).toMatchObject({ status: 'active', failures: 0 });
  });

  test('because the secret cannot be written, PublishFailed counts it, and Zoom gets no further request', async () => {
    await connectServer('unpublished');
    services.denied.add('PutSecretValue n8n_zoom_unpublished');
    const { metrics } = await sweepFor(40);
    expect(sum(values(metrics, 'PublishFailed'))).toBeGreaterThanOrEqual(1);
    expect(failed(metrics)).toEqual([]);
    expect(await stored('unpublished')).toMatchObject({ version: 2, publishedVersion: 1 });
    services.denied.clear();
    await sweepFor(20);
    expect(await stored('unpublished')).toMatchObject({ status: 'active' });
    expect(await services.zoomStatus(await services.published('unpublished'))).toBe(200);
  });

  test('because the user removed the app, ReconnectNeeded counts it until the user consents again', async () => {
    for (const name of ['server', 'other']) await connectServer(name);
    await functions.connect('user');
    await removeApp('user');
    const { metrics, lines } = await sweepFor(60);
    // The first refusal makes a suspect, which is only tried again. The second confirms it.
    expect(failed(metrics)).toEqual([
      { ...SERVICE, class: 'retry' },
      { ...SERVICE, class: 'reconnect' },
    ]);
    expect(values(metrics, 'ReconnectNeeded').at(-1)).toBe(1);
    expect(await stored('user')).toMatchObject({ status: 'reconnect', lastError: { code: 'invalid_token' } });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'ERROR',
        message: "Zoom revoked access, so this connection can't renew itself.",
        connection: 'user',
        class: 'reconnect',
        code: 'invalid_token',
      }),
    );
    await functions.connect('user');
    expect(values((await sweepFor(EVERY)).metrics, 'ReconnectNeeded')).toEqual([0]);
  });

  test('no metric names the connection, neither in a dimension nor elsewhere', async () => {
    for (const name of ['server', 'mended', 'unpublished']) await connectServer(name);
    await functions.connect('user');
    const down = createFunctions(services, { ZOOM_OAUTH_URL: services.nowhere });
    const { metrics } = await sweepFor(60, down);
    expect(failed(metrics).length).toBeGreaterThan(0);
    for (const { name, dimensions } of metrics) {
      expect(Object.keys(dimensions)).toEqual(name === 'RotationFailed' ? ['service', 'class'] : ['service']);
    }
    expect(JSON.stringify(metrics)).not.toMatch(/server|user|mended|unpublished/);
  });
});

describe('a sweep that cannot start', () => {
  test('fails as a whole without its environment variables, so that Lambda counts an error', async () => {
    const broken = functionsWith(() => createRuntime({}), services);
    await expect(broken.sweep()).rejects.toThrow('TABLE_NAME is missing');
  });

  test('fails as a whole without its table', async () => {
    const broken = createFunctions(services, { TABLE_NAME: 'no-such-table' });
    await expect(broken.sweep()).rejects.toThrow(expect.objectContaining({ code: 'table_gone' }));
  });
});
