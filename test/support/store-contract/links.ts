import { describe, expect, test } from '@jest/globals';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { NewLink } from '../../../lambdas/tokens/store/links.ts';
import { linkOf, NOW } from './values.ts';

const KEEP = NOW + 24 * 3600;
const UNTIL = NOW + 1200;
const connected = { kind: 'connected', connection: 'main', at: NOW } as const;
const failed = {
  kind: 'failed',
  error: { class: 'rejected', code: 'consent_declined', message: 'Declined.', action: 'Ask for a new link.' },
  at: NOW,
} as const;

export function describeLinks(opened: () => ConnectionStore): void {
  const create = (id: string, changed: Partial<NewLink> = {}) =>
    opened().createLink(linkOf(id, changed), KEEP);
  const link = () => opened().link('link');
  const claimOf = (owner: string) => ({ owner, until: NOW + 25 });
  const claim = (owner: string) => opened().claimConsent('link', claimOf(owner));
  const redeem = (id = 'link') => opened().redeemLink(id, NOW, UNTIL);
  const end = (owner: string, ended: typeof connected | typeof failed = connected) =>
    opened().endConsent('link', owner, ended);

  describe('a link', () => {
    test('is read as it was created, and there is none before', async () => {
      expect(await link()).toBeUndefined();
      await create('link', { replaceUser: true, forMe: true });
      expect(await link()).toEqual(linkOf('link', { replaceUser: true, forMe: true }));
      expect(await opened().link('another link')).toBeUndefined();
      expect(await opened().list()).toEqual([]);
      expect(await opened().get('main')).toBeUndefined();
    });

    test('is used once', async () => {
      await create('link');
      expect(await redeem()).toBe(true);
      expect(await redeem()).toBe(false);
      expect(await link()).toEqual({ ...linkOf('link'), usedAt: NOW });
    });

    test('is used by only one of many browsers at once', async () => {
      await create('link');
      const uses = await Promise.all(Array.from({ length: 8 }, () => redeem()));
      expect(uses.filter((isFirst) => isFirst)).toHaveLength(1);
    });

    test('that was not created is neither used, claimed nor ended', async () => {
      expect(await redeem()).toBe(false);
      expect(await claim('one')).toBe(false);
      await end('one');
      expect(await link()).toBeUndefined();
    });

    test('that has ended is not used any more', async () => {
      await create('link');
      await end('one', failed);
      expect(await redeem()).toBe(false);
      expect(await link()).toEqual({ ...linkOf('link'), end: failed });
    });
  });

  describe('the consent of a link', () => {
    test('is claimed by one owner, who may repeat the claim', async () => {
      await create('link');
      expect(await claim('one')).toBe(true);
      expect(await claim('two')).toBe(false);
      expect(await claim('one')).toBe(true);
      expect(await link()).toEqual({ ...linkOf('link'), claim: claimOf('one') });
    });

    test('is claimed by only one of many that claim it at once', async () => {
      await create('link');
      const owners = Array.from({ length: 8 }, (_, index) => `owner ${index}`);
      const claims = await Promise.all(owners.map(claim));
      expect(claims.filter((isFirst) => isFirst)).toHaveLength(1);
    });

    test('is free again once its owner has released it', async () => {
      await create('link');
      await claim('one');
      await opened().releaseConsent('link', 'two');
      expect(await claim('two')).toBe(false);
      await opened().releaseConsent('link', 'one');
      expect(await link()).toEqual(linkOf('link'));
      expect(await claim('two')).toBe(true);
    });

    test('has the end that the owner of the claim recorded, and no other one', async () => {
      await create('link');
      await claim('one');
      await end('two', failed);
      expect(await link()).toEqual({ ...linkOf('link'), claim: claimOf('one') });
      await end('one');
      await end('one', failed);
      expect(await link()).toEqual({ ...linkOf('link'), claim: claimOf('one'), end: connected });
    });

    test('can end without a claim, and is then claimed by no one', async () => {
      await create('link');
      await end('one', failed);
      expect(await claim('one')).toBe(false);
      await opened().releaseConsent('link', 'one');
      expect(await link()).toEqual({ ...linkOf('link'), end: failed });
    });
  });

  describe('the list of the open links', () => {
    const ids = async (now = NOW, limit = 10) =>
      (await opened().openLinks(now, { limit })).links.map(({ id }) => id);

    test('has the links that have not ended, the first to expire first', async () => {
      await create('later', { expiresAt: NOW + 900 });
      await create('link');
      await create('declined', { expiresAt: NOW + 300 });
      expect(await opened().endConsent('declined', 'one', failed)).toBe('main');
      expect(await opened().endConsent('declined', 'two', failed)).toBeUndefined();
      expect(await ids()).toEqual(['link', 'later']);
      const { links } = await opened().openLinks(NOW, { limit: 10 });
      expect(links[0]).toEqual(linkOf('link'));
    });

    test('has a link until it expires, and a used link until its consent must be complete', async () => {
      await create('link');
      expect(await ids(NOW + 599)).toEqual(['link']);
      expect(await ids(NOW + 600)).toEqual([]);
      await redeem();
      expect(await ids(UNTIL - 1)).toEqual(['link']);
      expect(await ids(UNTIL)).toEqual([]);
    });

    test('comes in pages', async () => {
      for (const [index, id] of ['one', 'two', 'three'].entries()) {
        await create(id, { expiresAt: NOW + 600 + index });
      }
      const first = await opened().openLinks(NOW, { limit: 2 });
      expect(first.links.map(({ id }) => id)).toEqual(['one', 'two']);
      const second = await opened().openLinks(NOW, { limit: 2, after: first.next });
      expect(second.links.map(({ id }) => id)).toEqual(['three']);
    });
  });
}
