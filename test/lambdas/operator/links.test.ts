import '../../support/services/output.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OperatorResults } from '../../../lambdas/operator-protocol.ts';
import type { Place } from '../../../lambdas/tokens/publication/place.ts';
import { readPage } from '../../support/browser/read-page.ts';
import { type CountedCodes, countCodes, holdExchange } from '../../support/services/callback-codes.ts';

const DAYS = 24 * 60 * 60;

let counted: CountedCodes;
let services: CountedCodes['services'];
let functions: CountedCodes['functions'];
beforeEach(async () => {
  counted = await countCodes();
  ({ services, functions } = counted);
});
afterEach(() => services.close());

const create = (connection: string, wishes: object = {}) =>
  functions.granted<OperatorResults['link']>({ action: 'link', connection, ...wishes });
const list = async () => (await functions.granted<OperatorResults['links']>({ action: 'links' })).links;
const states = async () => (await list()).map(({ connection, state }) => `${connection}: ${state}`);
const cancel = async (connection: string) =>
  (await functions.granted<OperatorResults['links-cancel']>({ action: 'links-cancel', connection }))
    .cancelled;
const renew = async () =>
  (await functions.granted<OperatorResults['links-renew']>({ action: 'links-renew' })).renewed;
const outcome = (id: string) => functions.granted<object>({ action: 'link-outcome', id });

describe('a link that its maker gives three days', () => {
  test('connects just before they have passed, and not a second later', async () => {
    const [early, late] = [
      await create('early', { seconds: 3 * DAYS }),
      await create('late', { seconds: 3 * DAYS }),
    ];
    expect(early.expiresAt).toBe(services.clock.now() + 3 * DAYS);
    services.clock.advance(3 * DAYS - 1);
    expect((await functions.follow(early.link)).response.status).toBe(303);
    services.clock.advance(1);
    const { response } = await functions.follow(late.link);
    expect(readPage(response.body).title).toBe('This link has expired');
  });

  test.each([30 * DAYS + 1, 59, 90.5])(
    'is refused with %d seconds, and nothing is stored',
    async (seconds) => {
      const response = await functions.operate({ action: 'link', connection: 'main', seconds });
      expect(response).toMatchObject({ ok: false, error: { class: 'rejected', code: 'bad_request' } });
      expect(await list()).toEqual([]);
    },
  );
});

describe('the action links', () => {
  test('lists the links that wait, the first to expire first, without what opens them', async () => {
    const later = await create('later', { seconds: DAYS, forMe: true, replaceUser: true });
    const sooner = await create('sooner');
    const common = { app: 'default', createdAt: services.clock.now(), state: 'waiting' };
    expect(await list()).toEqual([
      {
        ...common,
        id: sooner.id,
        connection: 'sooner',
        replaceUser: false,
        forMe: false,
        expiresAt: sooner.expiresAt,
      },
      {
        ...common,
        id: later.id,
        connection: 'later',
        replaceUser: true,
        forMe: true,
        expiresAt: later.expiresAt,
      },
    ]);
  });

  test('says of each how far its person is, and lists none that has ended', async () => {
    const { link } = await create('opened');
    await functions.follow(link);
    // Links that expire in the same second have no order.
    services.clock.advance(1);
    await create('waiting');
    await functions.connect('declined', { decline: true });
    await functions.connect('connected');
    expect(await states()).toEqual(['opened: opened', 'waiting: waiting']);
    services.clock.advance(1800);
    expect(await list()).toEqual([]);
  });

  test('lists more links than a page of the index has', async () => {
    const { store, now } = functions.runtime;
    const [createdAt, expiresAt] = [now(), now() + 600];
    const link = { connection: 'main', app: 'default', replaceUser: false, forMe: false };
    for (let id = 0; id < 120; id += 1) {
      const stored = { ...link, id: `${id}`, keyId: 'gone', createdAt, expiresAt };
      await store.createLink(stored, expiresAt);
    }
    expect(await list()).toHaveLength(120);
  });
});

describe('the action links-cancel', () => {
  test('refuses a link in the place of a name, so that it does not seem taken back', async () => {
    const { link } = await functions.granted<{ link: string }>({ action: 'link', connection: 'alice' });
    expect(await functions.operate({ action: 'links-cancel', connection: link })).toMatchObject({
      ok: false,
      error: { class: 'rejected', code: 'invalid_name' },
    });
  });

  test('takes back every link of the connection, and leaves those of others', async () => {
    const first = await create('main');
    const second = await create('main', { seconds: DAYS });
    const other = await create('other');
    expect((await cancel('main')).map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(await states()).toEqual(['other: waiting']);
    expect(await outcome(first.id)).toMatchObject({ kind: 'failed', error: { code: 'link_cancelled' } });
    expect((await functions.follow(other.link)).response.status).toBe(303);
    expect(await cancel('main')).toEqual([]);
  });

  test.each(['GET', 'POST'])('makes %s /connect say that the link was taken back', async (method) => {
    const { link } = await create('main');
    await cancel('main');
    const page = await functions.visit(link, { method });
    expect(page.status).toBe(410);
    expect(readPage(page.body).title).toBe('This link was taken back');
  });

  test('wins against a person who is at Zoom: no code is sent, and nothing is connected', async () => {
    const { link } = await create('main');
    const { returned, cookies } = await functions.consentAfter(link);
    expect(await cancel('main')).toHaveLength(1);
    const page = await functions.visit(returned, { cookies });
    expect(readPage(page.body).title).toBe('This link was taken back');
    expect(counted.codes).toEqual([]);
    expect(await functions.runtime.store.get('main')).toBeUndefined();
  });

  test('loses against a callback that has sent the code, and says so by naming no link', async () => {
    const { link, id } = await create('main');
    const { returned, cookies } = await functions.consentAfter(link);
    const { begun, release } = holdExchange(counted);
    const callback = functions.visit(returned, { cookies });
    await begun;
    expect(await states()).toEqual(['main: in_progress']);
    expect(await cancel('main')).toEqual([]);
    release();
    expect((await callback).status).toBe(200);
    expect(await outcome(id)).toMatchObject({ kind: 'connected', connection: 'main' });
  });
});

describe('the action links-renew', () => {
  /** Stores a link whose key is gone, as a key rotation leaves it. */
  const leaveBehind = async (connection: string, life: number, wishes: { place?: Place } = {}) => {
    const createdAt = services.clock.now();
    const link = { connection, app: 'default', replaceUser: true, forMe: true, createdAt, ...wishes };
    const expiresAt = createdAt + life;
    await functions.runtime.store.createLink(
      { ...link, id: connection, keyId: 'gone', expiresAt },
      expiresAt,
    );
    return expiresAt;
  };

  test('replaces each link that a key rotation ended by one that ends at the same time', async () => {
    const expiresAt = await leaveBehind('main', 3 * DAYS);
    await create('other');
    expect(await states()).toEqual(['other: waiting', 'main: key_replaced']);
    expect(await outcome('main')).toMatchObject({ kind: 'failed', error: { code: 'key_replaced' } });
    const [renewed, ...more] = await renew();
    expect(more).toEqual([]);
    expect(renewed).toMatchObject({ connection: 'main', replaces: 'main', expiresAt });
    expect(await states()).toEqual(['other: waiting', 'main: waiting']);
    expect((await list())[1]).toMatchObject({ replaceUser: true, forMe: true, expiresAt });
    expect((await functions.follow(String(renewed?.link))).response.status).toBe(303);
  });

  test('keeps the bundle into which a link connects', async () => {
    await leaveBehind('main', DAYS, { place: 'bundle_sales' });
    const [renewed] = await renew();
    expect(await functions.runtime.store.link(String(renewed?.id))).toMatchObject({ place: 'bundle_sales' });
  });

  test('replaces nothing when it is repeated', async () => {
    await leaveBehind('main', DAYS);
    expect(await renew()).toHaveLength(1);
    expect(await renew()).toEqual([]);
    expect(await states()).toEqual(['main: waiting']);
  });
});
