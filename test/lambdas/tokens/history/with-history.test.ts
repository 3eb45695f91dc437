import { beforeEach, describe, expect, test } from '@jest/globals';
import { disconnect } from '../../../../lambdas/tokens/disconnect/disconnect.ts';
import { addEntry } from '../../../../lambdas/tokens/history/add-entry.ts';
import type { HistoryEntry } from '../../../../lambdas/tokens/history/history.ts';
import { withHistory } from '../../../../lambdas/tokens/history/with-history.ts';
import { type Place, placeOf } from '../../../../lambdas/tokens/publication/place.ts';
import { unlinkN8n } from '../../../../lambdas/tokens/push/link-n8n.ts';
import { step } from '../../../../lambdas/tokens/rotation/step.ts';
import { sweep } from '../../../../lambdas/tokens/sweep/sweep.ts';
import { linkOf } from '../../../support/store-contract/values.ts';
import { type FunctionOptions, World } from '../../../support/world/world.ts';

let world: World;
let entries: HistoryEntry[];
let writes: number;
beforeEach(() => {
  world = new World();
  entries = [];
  writes = 0;
});

/** A function that notes in `entries`. */
function dependencies(options?: FunctionOptions) {
  const deps = world.dependencies(options);
  const note = async (_: string, events: Parameters<typeof addEntry>[1][]) => {
    writes += 1;
    for (const event of events) entries = addEntry(entries, event, { requestId: 'r' });
  };
  return { ...deps, store: withHistory(deps.store, { history: { note }, now: deps.now }) };
}
const connect = () => world.connect('main', dependencies());
const run = (options?: FunctionOptions) => step('main', dependencies(options), { deadline: world.deadline });
const noted = () => entries.map(({ kind, code, count }) => (code ? [kind, code, count] : [kind]));
const HOUR = 3600;
const KEEP = 2 ** 40;

describe('a history notes', () => {
  test('the first consent, and one that follows', async () => {
    await connect();
    await world.runStarted(dependencies());
    expect(entries).toMatchObject([
      { kind: 'consented', at: world.time, message: 'Connected: a Zoom user consented.' },
    ]);
    world.pass(60);
    await connect();
    expect(entries.at(-1)).toMatchObject({ message: 'Connected again: a Zoom user consented.' });
  });

  test('nothing of a rotation that goes well', async () => {
    await connect();
    await world.runStarted(dependencies());
    const before = writes;
    world.pass(HOUR - 600);
    expect(await run()).toMatchObject({ kind: 'settled', rotated: true });
    expect(writes).toBe(before);
  });

  test('a refusal, the end of the belief in the token with what to run, and the alert', async () => {
    await connect();
    world.pass(HOUR - 600);
    world.zoom.deauthorize('main');
    await run();
    world.pass(300);
    await sweep(dependencies(), { deadline: world.deadline });
    expect(noted()).toEqual([
      ['consented'],
      ['failed', 'suspect', 1],
      ['reconnect', 'invalid_token', 1],
      ['alerted'],
    ]);
    expect(entries[2]?.action).toContain('npx zoom-tokens connect');
  });

  test('failures of the store of the secrets once with their number, and the recovery', async () => {
    await connect();
    await world.runStarted(dependencies());
    world.pass(HOUR - 600);
    const broken: FunctionOptions = {
      intercept: (point, call) => (point === 'vault.publish' ? Promise.reject(new Error('no')) : call()),
    };
    for (let attempts = 0; attempts < 3; attempts += 1) {
      await run(broken);
      world.pass(HOUR / 4);
    }
    await run();
    expect(noted()).toEqual([['consented'], ['failed', 'unexpected', 3], ['recovered']]);
    expect(entries.at(-1)?.message).toBe('Well again after 3 attempts failed.');
  });

  test('a link to n8n, pushes that fail and that go well again, and the unlink', async () => {
    await connect();
    await world.runStarted(dependencies());
    await world.link('main', dependencies());
    world.pass(HOUR - 600);
    const down: FunctionOptions = {
      intercept: (point, call) => (point === 'n8n.fetch' ? Promise.reject(new TypeError('no')) : call()),
    };
    await run(down);
    world.pass(HOUR / 2);
    await run();
    await unlinkN8n({ connection: 'main', instance: 'office' }, dependencies(), { deadline: world.deadline });
    expect(noted()).toEqual([
      ['consented'],
      ['linked'],
      ['push_failed', 'n8n_unreachable', 1],
      ['push_recovered'],
      ['unlinked'],
    ]);
  });

  test('a link that was declined or taken back, with what to run', async () => {
    const { store } = dependencies();
    for (const id of ['declined', 'taken back']) await store.createLink(linkOf(id), KEEP);
    const ended = async (id: string, code: 'consent_declined' | 'link_cancelled') => {
      const error = { class: 'rejected', code, message: 'It ended.', action: 'Ask for a new link.' } as const;
      await store.endConsent(id, 'me', { kind: 'failed', error, at: 1 });
    };
    await ended('declined', 'consent_declined');
    await ended('taken back', 'link_cancelled');
    // It has ended.
    await ended('declined', 'link_cancelled');
    expect(entries).toMatchObject([
      { kind: 'not_consented', message: 'The Zoom user declined.' },
      { kind: 'not_consented', message: 'A link led to no consent: It ended.' },
    ]);
    expect(entries[0]?.action).toBe('Create a new link: npx zoom-tokens connect main');
  });

  test('nothing of a link that connected, because the consent is noted', async () => {
    const { store } = dependencies();
    await store.createLink(linkOf('link'), KEEP);
    await store.endConsent('link', 'me', { kind: 'connected', connection: 'main', at: 1 });
    expect(entries).toEqual([]);
  });

  test('a disconnection, and whether Zoom confirmed it', async () => {
    await connect();
    await disconnect('main', dependencies(), { deadline: world.deadline, force: false });
    expect(entries.at(-1)).toMatchObject({
      kind: 'disconnected',
      message: 'Disconnected. Zoom has revoked its tokens.',
    });
  });

  test('that people were alerted of an expired token, and nothing when the alert is taken back', async () => {
    await connect();
    const { store } = dependencies();
    const before = entries.length;
    expect(await store.noteAlert(await world.item('main'), world.time)).toBe(true);
    expect(await store.noteAlert(await world.item('main'), undefined)).toBe(true);
    expect(entries.slice(before)).toMatchObject([
      { kind: 'alerted', at: world.time, message: 'People were alerted: n8n holds an expired token of it.' },
    ]);
  });

  test('that a connection moves, with both places in words, and nothing when it stays', async () => {
    await connect();
    await world.runStarted(dependencies());
    const { store } = dependencies();
    const lease = { owner: 'me', now: world.time, until: world.time + 180, early: true };
    const move = async (place: Place) => {
      const held = await store.lease('main', lease);
      if (held) await store.setPlaces(held, { place, oldPlaces: [] }, world.time);
    };
    for (const place of [placeOf('sales'), placeOf('sales'), 'none', 'own'] as const) await move(place);
    const moves = entries.filter(({ kind }) => kind === 'moved').map(({ message }) => message);
    expect(moves).toEqual([
      'Moved from a secret of its own to the bundle "sales".',
      'Moved from the bundle "sales" to no secret.',
      'Moved from no secret to a secret of its own.',
    ]);
  });

  test('no write that did not take place', async () => {
    await connect();
    world.pass(HOUR - 600);
    world.zoom.deauthorize('main');
    const before = writes;
    await run({
      intercept: (point, call) => (point === 'store.fail' ? (Promise.resolve(false) as never) : call()),
    });
    expect(writes).toBe(before);
  });
});
