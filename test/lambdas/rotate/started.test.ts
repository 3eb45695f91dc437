import '../../support/services/output.ts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createFunctions } from '../../support/services/handlers.ts';
import { metricsIn, takeOutput } from '../../support/services/output.ts';
import { type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: ReturnType<typeof createFunctions>;
beforeEach(async () => {
  services = await startServices();
  functions = createFunctions(services);
  await functions.granted({ action: 'connect', connection: 'reports', app: 'reports' });
  await functions.connect('main');
  services.started.length = 0;
  takeOutput();
});
afterEach(() => services.close());

const HOUR = 3600;
const start = async (event: object) => {
  services.started.push(event);
  await functions.runStarted();
};

test('a started run makes one step for the connection that it names, and counts as no sweep', async () => {
  services.clock.advance(HOUR);
  const before = [await services.published('main'), await services.published('reports')];
  await start({ start: 'connection', connection: 'main' });
  const metrics = metricsIn(takeOutput());
  const after = [await services.published('main'), await services.published('reports')];
  expect([after[0] === before[0], after[1] === before[1]]).toEqual([false, true]);
  expect(metrics).toContainEqual(expect.objectContaining({ name: 'Rotated', value: 1 }));
  expect(metrics.filter(({ name }) => name === 'SweepSeconds')).toEqual([]);
  expect(await functions.runtime.store.sweptAt()).toBeUndefined();
});

test('a run for a connection that is not due, or does not exist, does nothing', async () => {
  const before = await services.published('main');
  await start({ start: 'connection', connection: 'main' });
  await start({ start: 'connection', connection: 'unknown' });
  expect(await services.published('main')).toBe(before);
  const { Items } = await services.contents();
  expect(Items.map(({ connection }) => connection?.S)).not.toContain('unknown');
});

test('a request that is not known fails, and starts no sweep', async () => {
  services.clock.advance(HOUR);
  const before = await services.published('main');
  await expect(start({ start: 'all' })).rejects.toMatchObject({ code: 'bad_request' });
  expect(await services.published('main')).toBe(before);
});
