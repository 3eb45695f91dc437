import '../support/services/output.ts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readPage } from '../support/browser/read-page.ts';
import { createFunctions } from '../support/services/handlers.ts';
import { type Services, startServices } from '../support/services/services.ts';

// Bundles over the real AWS SDK and a real OAuth server.

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterEach(() => services.close());

const SALES = { place: 'bundle_sales' };
const bundle = async () => JSON.parse((await services.published('bundle_sales')) ?? 'null');
const link = async (connection: string) =>
  (await functions.granted<{ link: string }>({ action: 'link', connection, forMe: true, ...SALES })).link;

test('a consent to a bundle says "within a minute", and the started run publishes it', async () => {
  await functions.granted({ action: 'connect', connection: 'reports', app: 'reports', ...SALES });
  const { returned, cookies } = await functions.consentAfter(await link('anna'));
  const page = readPage((await functions.visit(returned, { cookies })).body);
  expect(page.paragraphs[0]).toBe('The tokens are stored. n8n can read the access token within a minute.');
  expect(page.code).toBe('{{ $secrets.aws.n8n_zoom_bundle_sales.parseJson().anna }}');
  expect(services.started).toEqual([{ start: 'connection', connection: 'anna' }]);
  expect(Object.keys(await bundle())).toEqual(['reports']);
  await functions.runStarted();
  expect(Object.keys(await bundle())).toEqual(['anna', 'reports']);
  for (const token of Object.values<string>(await bundle()))
    expect(await services.zoomStatus(token)).toBe(200);
});

test('a disconnection removes the member, and the last one deletes the secret', async () => {
  await functions.granted({ action: 'connect', connection: 'reports', app: 'reports', ...SALES });
  await functions.granted({ action: 'connect', connection: 'other', app: 'reports', ...SALES });
  await functions.granted({ action: 'disconnect', connection: 'reports' });
  expect(Object.keys(await bundle())).toEqual(['other']);
  await functions.granted({ action: 'disconnect', connection: 'other' });
  await expect(bundle()).rejects.toThrow('marked for deletion');
});

test('probe and move know the place', async () => {
  await functions.granted({ action: 'connect', connection: 'reports', app: 'reports', ...SALES });
  expect(await functions.granted({ action: 'probe', connections: ['reports'] })).toMatchObject({
    probed: [{ connection: 'reports', accepted: 'yes' }],
  });
  const { connection } = await functions.granted<{ connection: object }>({
    action: 'move',
    connection: 'reports',
    place: 'own',
    keepSeconds: 0,
  });
  expect(connection).toMatchObject({ place: 'own', oldPlaces: [], secretName: 'n8n_zoom_reports' });
  await expect(bundle()).rejects.toThrow('marked for deletion');
  expect(await services.zoomStatus(await services.published('reports'))).toBe(200);
});

test('status and check say how full a bundle is', async () => {
  await functions.granted({ action: 'connect', connection: 'reports', app: 'reports', ...SALES });
  const bytes = Buffer.byteLength(JSON.stringify(await bundle()));
  const full = createFunctions(services, { BUNDLE_BYTES: String(bytes + 20) });
  const sales = { bundle: 'sales', members: 1, bytes, mostBytes: bytes + 20, hasRoom: false };
  for (const request of [
    { action: 'status' },
    { action: 'status', connection: 'reports' },
    { action: 'check' },
  ]) {
    expect(await full.granted(request)).toMatchObject({ bundles: [{ ...sales, newest: 'reports' }] });
  }
  expect(await functions.granted({ action: 'status' })).not.toHaveProperty('bundles');
  expect(await functions.granted({ action: 'check' })).toMatchObject({ bundles: [{ hasRoom: true }] });
});

test.each([
  ['constructor', 'n8n refuses it'],
  ['prototype', 'n8n refuses it'],
  ['bundle_x', 'belong to the secrets of bundles'],
])('a connection cannot have the name %s', async (connection, why) => {
  expect(await functions.operate({ action: 'link', connection })).toMatchObject({
    ok: false,
    error: { code: 'invalid_name', message: expect.stringContaining(why) },
  });
});

test('a new connection of an app goes into the bundle that is its default', async () => {
  const withDefault = createFunctions(services, { DEFAULT_BUNDLES: '{"*":"all","reports":"sales"}' });
  await withDefault.granted({ action: 'connect', connection: 'reports', app: 'reports' });
  await withDefault.granted({ action: 'connect', connection: 'alone', app: 'reports', place: 'own' });
  expect(Object.keys(await bundle())).toEqual(['reports']);
  expect(await services.published('alone')).toBeDefined();
});

test('a connection keeps its place, and another one has to be asked for by a move', async () => {
  await functions.granted({ action: 'connect', connection: 'reports', app: 'reports' });
  expect(
    await functions.operate({ action: 'connect', connection: 'reports', app: 'reports', ...SALES }),
  ).toMatchObject({
    ok: false,
    error: { code: 'other_place', action: 'Move it first: npx zoom-tokens bundle reports sales' },
  });
});
