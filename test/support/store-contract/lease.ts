import { describe, expect, test } from '@jest/globals';
import type { Connection, Status } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { consentOf, failInto, leaseOf, NOW } from './values.ts';

export function describeLease(opened: () => ConnectionStore): void {
  const connected = (changed = {}) => opened().commitConsent(consentOf('main', changed), 0);
  const lease = (owner: string, changed?: Parameters<typeof leaseOf>[1]) =>
    opened().lease('main', leaseOf(owner, changed));
  const stored = async () => (await opened().get('main')) as Connection;

  describe('the lease', () => {
    test('is granted with the item as it is then, and notes that Zoom is about to be asked', async () => {
      const before = await connected();
      const item = await lease('me');
      expect(item).toEqual({ ...before, leaseOwner: 'me', leaseUntil: NOW + 180, askedAt: NOW });
      expect(await stored()).toEqual(item);
    });

    test('keeps the time of a request whose outcome an earlier holder has not stored', async () => {
      await connected();
      await lease('killed');
      const later = { now: NOW + 180, until: NOW + 360 };
      expect(await lease('another', later)).toMatchObject({ leaseOwner: 'another', askedAt: NOW });
    });

    test('is granted for a connection that waits for a person where the step allows it', async () => {
      await connected();
      await failInto(opened(), 'main', 'reconnect');
      const inReconnect = { ...leaseOf('me'), inReconnect: true };
      expect(await opened().lease('main', inReconnect)).toMatchObject({
        status: 'reconnect',
        leaseOwner: 'me',
      });
    });

    test('is not granted for a disconnected connection to a step that allows one that waits', async () => {
      await connected();
      await failInto(opened(), 'main', 'disconnected');
      expect(
        await opened().lease('main', { ...leaseOf('me', { early: true }), inReconnect: true }),
      ).toBeUndefined();
    });

    test.each<[Status, 'is granted' | 'is not granted']>([
      ['active', 'is granted'],
      ['misconfigured', 'is granted'],
      ['reconnect', 'is not granted'],
      ['disconnected', 'is not granted'],
    ])('in status %s %s, due or early', async (status, outcome) => {
      await connected();
      await failInto(opened(), 'main', status);
      for (const early of [false, true]) {
        expect((await lease('me', { early })) !== undefined).toBe(outcome === 'is granted');
      }
    });

    test('is granted in any status to an operation that takes no step', async () => {
      await connected();
      await failInto(opened(), 'main', 'disconnected');
      const changing = { ...leaseOf('me', { early: true }), inAnyStatus: true };
      expect(await opened().lease('main', changing)).toMatchObject({ leaseOwner: 'me' });
      expect(await opened().lease('main', { ...changing, owner: 'another' })).toBeUndefined();
      expect(await opened().lease('nobody', changing)).toBeUndefined();
      expect(await opened().get('nobody')).toBeUndefined();
    });

    test('is not granted before the connection is due, unless early', async () => {
      await connected({ consentedAt: NOW + 1 });
      expect(await lease('me')).toBeUndefined();
      expect(await lease('me', { early: true })).toBeDefined();
      await opened().release(await stored());
      expect(await lease('me', { now: NOW + 1 })).toBeDefined();
    });

    test('is not granted while another function holds it, not even early', async () => {
      await connected();
      await lease('me');
      expect(await lease('another', { early: true })).toBeUndefined();
      expect(await lease('another', { now: NOW + 179 })).toBeUndefined();
      expect(await stored()).toMatchObject({ leaseOwner: 'me', leaseUntil: NOW + 180 });
    });

    test('is granted to another function once it has expired', async () => {
      await connected();
      await lease('me');
      const taken = { leaseOwner: 'another', leaseUntil: NOW + 360 };
      expect(await lease('another', { now: NOW + 180, until: NOW + 360 })).toMatchObject(taken);
      expect(await lease('me', { now: NOW + 180 })).toBeUndefined();
    });

    test('is extended for the same owner', async () => {
      await connected();
      await lease('me');
      expect(await lease('me', { until: NOW + 500 })).toMatchObject({ leaseUntil: NOW + 500 });
    });

    test('is granted to only one of many functions that request it at once', async () => {
      await connected();
      const owners = Array.from({ length: 8 }, (_, index) => `owner ${index}`);
      const leases = await Promise.all(owners.map((owner) => lease(owner)));
      expect(leases.filter((item) => item !== undefined)).toHaveLength(1);
    });

    test('is not granted for an unknown connection, and creates nothing', async () => {
      expect(await lease('me', { early: true })).toBeUndefined();
      expect(await opened().list()).toEqual([]);
    });

    test('is released by its holder alone, and nothing else changes', async () => {
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
