import '../../support/services/output.ts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createFunctions } from '../../support/services/handlers.ts';
import { takeOutput } from '../../support/services/output.ts';
import { appSecrets, type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
/** Creates the functions of a deployment with these apps. */
const deploy = (...apps: string[]) => createFunctions(services, { APP_SECRETS: appSecrets(apps) });
const item = (connection: string) => functions.runtime.store.get(connection);

beforeEach(async () => {
  services = await startServices();
  functions = deploy('default', 'reports');
  await functions.granted({ action: 'connect', connection: 'server', app: 'reports' });
  await functions.connect('main');
  await functions.sweep();
  services.clock.advance(120);
  takeOutput();
});
afterEach(() => services.close());

test('the first sweep without an app makes its connections misconfigured, while n8n’s token lives', async () => {
  const [token, main] = [await services.published('server'), await item('main')];
  await deploy('default').sweep();
  expect(await item('server')).toMatchObject({
    status: 'misconfigured',
    lastError: { code: 'app_not_deployed', action: expect.stringContaining('Add it to "apps" in cdk.json') },
    validUntil: expect.any(Number),
  });
  expect(await services.published('server')).toBe(token);
  expect(await services.zoomStatus(token)).toBe(200);
  expect(await item('main')).toEqual(main);
});

test('an app that is deployed again has its connections back within a quarter of an hour', async () => {
  await deploy('default').sweep();
  services.clock.advance(15 * 60);
  await deploy('default', 'reports').sweep();
  const { status, lastError } = (await item('server')) ?? {};
  expect({ status, lastError }).toEqual({ status: 'active', lastError: undefined });
});

test('a sweep after which no app is missing makes no step for its connections, nor does one with a further app', async () => {
  const before = await item('server');
  await functions.sweep();
  await deploy('default', 'reports', 'further').sweep();
  expect(await item('server')).toEqual(before);
});

test('a later deployment without that app does not look at its connections again', async () => {
  await deploy('default').sweep();
  const { failures } = (await item('server')) ?? {};
  services.clock.advance(5);
  await deploy('default').sweep();
  expect((await item('server'))?.failures).toBe(failures);
});
