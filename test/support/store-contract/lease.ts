import { describe, expect, test } from '@jest/globals';
import type { Connection, Status } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store.ts';
import { consentOf, failInto, leaseOf, NOW } from './values.ts';

export function describeLease(opened: () => ConnectionStore): void {
  const connected = (changed = {}) => opened().commitConsent(consentOf('main', changed), 0);
  const lease = (owner: string, changed?: Parameters<typeof leaseOf>[1]) =>
    opened().lease('main', leaseOf(owner, changed));
  const stored = async () => (await opened().get('main')) as Connection;

  describe('the lease', () => {
    test('is given with the item as it is then', async () => {
      const before = await connected();
      const item = await lease('me');
      expect(item).toEqual({ ...before, leaseOwner: 'me', leaseUntil: NOW + 180 });
      expect(await stored()).toEqual(item);
    });

    test.each<[Status, 'is given' | 'is not given']>([
      ['active', 'is given'],
      ['misconfigured', 'is given'],
      ['reconnect', 'is not given'],
      ['disconnected', 'is not given'],
    ])('where the status is %s it %s, due or early', async (status, outcome) => {
      await connected();
      await failInto(opened(), 'main', status);
      for (const early of [false, true]) {
        expect((await lease('me', { early })) !== undefined).toBe(outcome === 'is given');
      }
    });

    test('is given whatever the status is to who makes no step', async () => {
      await connected();
      await failInto(opened(), 'main', 'disconnected');
      const changing = { ...leaseOf('me', { early: true }), inAnyStatus: true };
      expect(await opened().lease('main', changing)).toMatchObject({ leaseOwner: 'me' });
      expect(await opened().lease('main', { ...changing, owner: 'another' })).toBeUndefined();
      expect(await opened().lease('nobody', changing)).toBeUndefined();
      expect(await opened().get('nobody')).toBeUndefined();
    });

    test('is not given before the connection is due, unless early', async () => {
      await connected({ consentedAt: NOW + 1 });
      expect(await lease('me')).toBeUndefined();
      expect(await lease('me', { early: true })).toBeDefined();
      await opened().release(await stored());
      expect(await lease('me', { now: NOW + 1 })).toBeDefined();
    });

    test("is not given while another's is alive, not even early", async () => {
      await connected();
      await lease('me');
      expect(await lease('another', { early: true })).toBeUndefined();
      expect(await lease('another', { now: NOW + 179 })).toBeUndefined();
      expect(await stored()).toMatchObject({ leaseOwner: 'me', leaseUntil: NOW + 180 });
    });

    test('is given to another once it has run out', async () => {
      await connected();
      await lease('me');
      const taken = { leaseOwner: 'another', leaseUntil: NOW + 360 };
      expect(await lease('another', { now: NOW + 180, until: NOW + 360 })).toMatchObject(taken);
      expect(await lease('me', { now: NOW + 180 })).toBeUndefined();
    });

    test('is prolonged for the same owner', async () => {
      await connected();
      await lease('me');
      expect(await lease('me', { until: NOW + 500 })).toMatchObject({ leaseUntil: NOW + 500 });
    });

    test('goes to one alone of many who ask at once', async () => {
      await connected();
      const owners = Array.from({ length: 8 }, (_, index) => `owner ${index}`);
      const answers = await Promise.all(owners.map((owner) => lease(owner)));
      expect(answers.filter((item) => item !== undefined)).toHaveLength(1);
    });

    test('of nothing is not given, and makes nothing', async () => {
      expect(await lease('me', { early: true })).toBeUndefined();
      expect(await opened().list()).toEqual([]);
    });

    test('is let go by its holder alone, and nothing else changes', async () => {
      const before = await connected();
      const mine = (await lease('me')) as Connection;
      await opened().release({ ...mine, leaseOwner: 'another' });
      expect(await stored()).toEqual(mine);
      await opened().release(mine);
      expect(await stored()).toEqual(before);
      await opened().release(mine);
      expect(await stored()).toEqual(before);
    });
  });
}
