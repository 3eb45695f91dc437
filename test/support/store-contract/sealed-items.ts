import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { SealedItem } from '../../../lambdas/tokens/store/sealed-items.ts';
import { consentOf, HOUR, leaseOf, linkOf, NOW } from './values.ts';

/** Describes the walk through the sealed items. Each is sealed again without taking the place of a newer one. */
export function describeSealedItems(opened: () => ConnectionStore): void {
  const settled = { validUntil: NOW + HOUR, dueAt: NOW };
  const rotation = { sealedTokens: 'rotated', expiresAt: NOW + 2 * HOUR, rotatedAt: NOW + 5 };
  const connect = (name: string) =>
    opened().commitConsent(consentOf(name, { sealedTokens: `sealed ${name}` }), 0);
  /** Publishes the first tokens, so that they are in an item of their own. */
  const publish = async (name: string) => {
    const held = (await opened().lease(name, leaseOf('first'))) as Connection;
    await opened().settle(held, settled);
  };
  async function walk(limit = 1): Promise<SealedItem[]> {
    const items: SealedItem[] = [];
    let after: string | undefined;
    do {
      const page = await opened().sealed({ limit, after });
      items.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    return items;
  }
  const found = async () =>
    (await walk()).map(({ connection, sealedTokens }) => `${connection}: ${sealedTokens}`).sort();
  const itemOf = async (sealedTokens: string) =>
    (await walk()).find((each) => each.sealedTokens === sealedTokens) as SealedItem;
  const tokensOf = async (name: string) => (await opened().get(name))?.sealedTokens;

  describe('what is stored sealed', () => {
    test('is found in every item and in every status, and nothing else is', async () => {
      for (const name of ['fresh', 'main', 'ended']) await connect(name);
      await publish('main');
      await opened().keepReplaced('main', { sealedTokens: 'replaced', expiresAt: NOW + HOUR });
      await opened().createLink(linkOf('a link'), NOW + HOUR);
      const ending = { ...leaseOf('operator'), disconnectedAt: NOW };
      expect(await opened().beginDisconnect('ended', ending)).toBeDefined();
      const all = ['ended: sealed ended', 'fresh: sealed fresh', 'main: replaced', 'main: sealed main'];
      expect(await found()).toEqual(all);
      expect((await walk(100)).length).toBe(all.length);
      const ended = (await opened().get('ended')) as Connection;
      await opened().finishDisconnect(ended, {});
      await opened().dropReplaced('main');
      expect(await found()).toEqual(['fresh: sealed fresh', 'main: sealed main']);
    });

    test('is sealed again in the item of a connection, and in that of its tokens', async () => {
      await connect('fresh');
      await connect('main');
      await publish('main');
      for (const name of ['fresh', 'main']) {
        const before = await opened().get(name);
        expect(await opened().reseal(await itemOf(`sealed ${name}`), `again ${name}`)).toBe(true);
        expect(await opened().get(name)).toEqual({ ...before, sealedTokens: `again ${name}` });
      }
      expect(await found()).toEqual(['fresh: again fresh', 'main: again main']);
    });

    test('is sealed again as kept replaced tokens, whose expiry stays', async () => {
      await opened().keepReplaced('main', { sealedTokens: 'replaced', expiresAt: NOW + HOUR });
      expect(await opened().reseal(await itemOf('replaced'), 'again')).toBe(true);
      expect(await opened().replaced('main')).toMatchObject({
        sealedTokens: 'again',
        expiresAt: NOW + HOUR,
      });
    });

    test('is rotated and settled after it was sealed again while the step was under way', async () => {
      await connect('main');
      await publish('main');
      const held = (await opened().lease('main', leaseOf('me'))) as Connection;
      expect(await opened().reseal(await itemOf('sealed main'), 'again')).toBe(true);
      const item = await opened().commitRotation(held, rotation, { isRoutine: true });
      expect(await opened().settle(item as Connection, settled)).toBe(true);
      expect(await opened().get('main')).toMatchObject({ version: 2, publishedVersion: 2, ...rotation });
    });
  });

  describe('an item that is sealed again too late', () => {
    test.each<[string, () => Promise<unknown>]>([
      [
        'a routine rotation',
        async () => {
          const held = (await opened().lease('main', leaseOf('me'))) as Connection;
          return opened().commitRotation(held, rotation, { isRoutine: true });
        },
      ],
      ['a consent', () => opened().commitConsent(consentOf('main', { sealedTokens: 'rotated' }), 1)],
      [
        'another function, which sealed it again',
        async () => opened().reseal(await itemOf('sealed main'), 'rotated'),
      ],
    ])('keeps what %s has stored', async (_, change) => {
      await connect('main');
      await publish('main');
      const seen = await itemOf('sealed main');
      await change();
      await opened().reseal(seen, 'sealed again');
      expect(await tokensOf('main')).toBe('rotated');
    });

    test('stays without tokens after a disconnection', async () => {
      await connect('main');
      await publish('main');
      const seen = await itemOf('sealed main');
      const ending = { ...leaseOf('operator'), disconnectedAt: NOW };
      await opened().finishDisconnect((await opened().beginDisconnect('main', ending)) as Connection, {});
      expect(await opened().reseal(seen, 'sealed again')).toBe(false);
      expect(await tokensOf('main')).toBe('');
    });
  });

  test('the notes of a key rotation are replaced by the next revision alone', async () => {
    const first = { revision: 1, keyId: 'key', since: NOW, notBefore: NOW, found: 0, unreadable: 0 };
    expect(await opened().keyRotation()).toBeUndefined();
    expect(await opened().putKeyRotation(first)).toBe(true);
    const next = { ...first, revision: 2, after: { place: 'table' as const, key: 'main' }, found: 1 };
    expect(await opened().putKeyRotation(next)).toBe(true);
    expect(await opened().putKeyRotation({ ...next, found: 7 })).toBe(false);
    expect(await opened().keyRotation()).toEqual(next);
    const completed = { ...first, revision: 3, completedAt: NOW };
    expect(await opened().putKeyRotation(completed)).toBe(true);
    expect(await opened().keyRotation()).toEqual(completed);
  });
}
