import { beforeEach, expect, test } from '@jest/globals';
import { probeTokens } from '../../../../lambdas/tokens/operate/probe-tokens.ts';
import { placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { type Intercept, World } from '../../../support/world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});

const probe = async (connection: string, intercept?: Intercept) =>
  (await probeTokens([connection], world.dependencies({ ...(intercept && { intercept }) })))[0];

test('the token that n8n reads is accepted by Zoom', async () => {
  await world.connect('main');
  expect(await probe('main')).toMatchObject({ connection: 'main', accepted: 'yes' });
});

test('the token of a bundle’s member is read in the bundle', async () => {
  await world.connectTo('sales', 'anna');
  expect(await probe('anna')).toMatchObject({ connection: 'anna', accepted: 'yes' });
});

test.each([
  { problem: 'was emptied by hand', value: '{}' },
  { problem: 'holds no JSON', value: 'oops' },
  { problem: 'holds something else', value: '["anna"]' },
])('a bundle whose secret $problem holds no token of its member', async ({ value }) => {
  await world.connectTo('sales', 'anna');
  world.vault.published.set(placeOf('sales'), { value, versionId: 'by hand' });
  expect(await probe('anna')).toEqual({
    ...{ connection: 'anna', accepted: 'no' },
    message: 'The secret of its bundle "sales" does not hold it.',
  });
});

test('a connection that is only pushed has no secret to read', async () => {
  await world.connect('main', undefined, undefined, undefined, 'none');
  expect(await probe('main')).toEqual({
    ...{ connection: 'main', accepted: 'no' },
    message: 'It has no secret: its token is only pushed.',
  });
});

test('a connection without a secret of that name holds no token', async () => {
  expect(await probe('unknown')).toMatchObject({
    ...{ accepted: 'no', message: 'The secret that n8n reads does not exist.' },
  });
});

test('nothing is known of a token while the secret cannot be read', async () => {
  await world.connect('main');
  const intercept: Intercept = (point, call) =>
    point === 'vault.published' ? Promise.reject(new Error('down')) : call();
  expect(await probe('main', intercept)).toMatchObject({ connection: 'main', accepted: 'unknown' });
});

test('a name that cannot be a connection is refused before anything is read', async () => {
  await expect(probeTokens(['main', 'No Name'], world.dependencies())).rejects.toMatchObject({
    code: 'invalid_name',
  });
});
