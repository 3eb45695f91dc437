import { beforeEach, describe, expect, test } from '@jest/globals';
import { MAX_BODY_BYTES } from '../../../../lambdas/tokens/disconnect/max-body.ts';
import { receiveWebhook } from '../../../../lambdas/tokens/disconnect/zoom-webhook.ts';
import { World } from '../../../support/world/world.ts';
import { deauthorization, signedHeaders, WEBHOOK_SECRET } from '../../../support/zoom-event.ts';

let world: World;
beforeEach(async () => {
  world = new World();
  await world.connect('main');
  world.pass(180);
});

interface Sent {
  app?: string;
  /** Seconds by which Zoom's timestamp differs from the function's clock. */
  skew?: number;
  secret?: string;
}

/** Delivers an event, signed as Zoom does. */
function deliver(
  body: string | Uint8Array,
  { app = 'default', skew = 0, secret = WEBHOOK_SECRET }: Sent = {},
) {
  const bytes = Buffer.from(body);
  const headers = signedHeaders(bytes, world.time + skew, secret);
  const delivery = {
    ...{ app, body: bytes },
    signature: headers['x-zm-signature'],
    timestamp: headers['x-zm-request-timestamp'],
  };
  const deps = world.asCallback(world.dependencies());
  return receiveWebhook(delivery, deps, { deadline: world.deadline });
}
const removal = (user = 'main', at = world.time) => deauthorization(user, world.zoom.clientId, at);
const statusOf = async (connection: string) => (await world.item(connection)).status;
const challenge = JSON.stringify({ event: 'endpoint.url_validation', payload: { plainToken: 'a text' } });

describe('a delivery', () => {
  test.each([-300, 0, 300])('whose timestamp differs by %i s is taken', async (skew) => {
    expect(await deliver(challenge, { skew })).toMatchObject({ status: 200, body: { plainToken: 'a text' } });
  });

  test.each([-301, 301])('whose timestamp differs by %i s may be a replay, and is refused', async (skew) => {
    expect(await deliver(challenge, { skew })).toEqual({ status: 401 });
  });

  test('that another secret has signed is refused', async () => {
    expect(await deliver(challenge, { secret: 'a guess' })).toEqual({ status: 401 });
  });

  test('of as many bytes as are allowed is read, and one of more is not', async () => {
    const sized = (bytes: number) => challenge.padEnd(bytes);
    expect(await deliver(sized(MAX_BODY_BYTES))).toMatchObject({ status: 200 });
    expect(await deliver(sized(MAX_BODY_BYTES + 1))).toEqual({ status: 413 });
  });

  test('to an address whose app cannot exist is refused, and its name is not logged', async () => {
    expect(await deliver(challenge, { app: 'a\nforged line' })).toEqual({ status: 401 });
    expect(JSON.stringify(world.lines)).not.toContain('forged');
  });

  test.each([
    ['no JSON', 'hello'],
    ['no event', '{"payload":{}}'],
    ['a challenge without its text', '{"event":"endpoint.url_validation","payload":{"plainToken":""}}'],
    ['a removal without its user', '{"event":"app_deauthorized","payload":{}}'],
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from('{"event":"x","y":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    ],
  ])('of %s is a bad request', async (_, body) => {
    expect(await deliver(body)).toEqual({ status: 400 });
  });

  test('of an event that nothing here needs is taken', async () => {
    expect(await deliver('{"event":"meeting.started"}')).toEqual({ status: 200 });
  });
});

describe('when a user removes the app at Zoom', () => {
  test('the connection of that user is disconnected', async () => {
    expect(await deliver(removal())).toEqual({ status: 200 });
    expect(await statusOf('main')).toBe('disconnected');
  });

  test('a timestamp in the future counts as now, so that a consent that follows stays', async () => {
    await deliver(removal('main', world.time + 7200));
    expect(await world.item('main')).toMatchObject({ disconnectedAt: Math.floor(world.time) });
  });

  test('a connection that another user has taken over since stays', async () => {
    await world.connect('main', undefined, 'another', true);
    world.pass(180);
    expect(await deliver(removal())).toEqual({ status: 200 });
    expect(await statusOf('main')).toBe('active');
  });

  test('a user without a connection is none of ours', async () => {
    expect(await deliver(removal('stranger'))).toEqual({ status: 200 });
    expect(await statusOf('main')).toBe('active');
  });

  test('an event of another client id is ignored', async () => {
    const body = deauthorization('main', 'another client id', world.time);
    expect(await deliver(body)).toEqual({ status: 200 });
    expect(await statusOf('main')).toBe('active');
    expect(world.lines.at(-1)).toMatchObject({ level: 'warn', details: { app: 'default' } });
  });
});
