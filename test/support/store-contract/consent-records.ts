import { describe, expect, test } from '@jest/globals';
import type { ConnectionStore } from '../../../lambdas/tokens/store.ts';
import { NOW } from './values.ts';

const KEEP = NOW + 24 * 3600;
const connected = { kind: 'connected', connection: 'main', at: NOW } as const;
const failed = {
  kind: 'failed',
  error: { class: 'rejected', code: 'consent_declined', message: 'Declined.', action: 'Ask for a new link.' },
  at: NOW,
} as const;

export function describeConsentRecords(opened: () => ConnectionStore): void {
  describe('the record of a consent', () => {
    const claimOf = (owner: string) => ({ owner, connection: 'main', until: NOW + 25 });
    const claim = (owner: string) => opened().claimConsent('link', claimOf(owner), KEEP);
    const end = (owner: string, ended: typeof connected | typeof failed = connected) =>
      opened().endConsent('link', owner, ended, KEEP);
    const record = () => opened().consentRecord('link');

    test('is empty before a claim, also when the link was used', async () => {
      expect(await record()).toEqual({});
      await opened().redeem('link', NOW + 600);
      expect(await record()).toEqual({});
    });

    test('is claimed by one owner, who may repeat the claim', async () => {
      expect(await claim('one')).toBe(true);
      expect(await claim('two')).toBe(false);
      expect(await claim('one')).toBe(true);
      expect(await record()).toEqual({ claim: claimOf('one') });
    });

    test('is claimed by only one of many that claim it at once', async () => {
      const owners = Array.from({ length: 8 }, (_, index) => `owner ${index}`);
      const claims = await Promise.all(owners.map(claim));
      expect(claims.filter((isFirst) => isFirst)).toHaveLength(1);
    });

    test('is free again once its owner has released it', async () => {
      await claim('one');
      await opened().releaseConsent('link', 'two');
      expect(await claim('two')).toBe(false);
      await opened().releaseConsent('link', 'one');
      expect(await record()).toEqual({});
      expect(await claim('two')).toBe(true);
    });

    test('has the end that the owner of the claim recorded, and no other one', async () => {
      await claim('one');
      await end('two', failed);
      expect(await record()).toEqual({ claim: claimOf('one') });
      await end('one');
      await end('one', failed);
      expect(await record()).toEqual({ claim: claimOf('one'), end: connected });
    });

    test('can end without a claim, and is then claimed by no one', async () => {
      await end('one', failed);
      expect(await record()).toEqual({ end: failed });
      expect(await claim('one')).toBe(false);
      await opened().releaseConsent('link', 'one');
      expect(await record()).toEqual({ end: failed });
    });

    test('belongs to one link, and leaves the link used', async () => {
      await opened().redeem('link', NOW + 600);
      await claim('one');
      expect(await opened().consentRecord('another link')).toEqual({});
      expect(await opened().redeem('link', NOW + 600)).toBe(false);
      expect(await opened().list()).toEqual([]);
    });
  });
}
