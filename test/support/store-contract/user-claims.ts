import { describe, expect, test } from '@jest/globals';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { consentOf, failInto, NOW } from './values.ts';

export function describeUserClaims(opened: () => ConnectionStore): void {
  describe('the claim of a Zoom user', () => {
    const connected = (connection: string, app = 'default') =>
      opened().commitConsent(consentOf(connection, { app, zoomUserId: 'ada' }), 0);
    const claim = (connection: string, app = 'default', now = NOW) =>
      opened().claimUser(app, 'ada', connection, { now, until: now + 60 });
    const holder = (now = NOW) => opened().holderOf('default', 'ada', now);

    test('is granted when no connection has the user', async () => {
      expect(await claim('one')).toBe('one');
    });

    test('is granted again to the connection that has the user', async () => {
      await claim('one');
      expect(await claim('one')).toBe('one');
      await connected('one');
      expect(await claim('one')).toBe('one');
    });

    test('is refused while another connection has the user', async () => {
      await claim('one');
      await connected('one');
      expect(await claim('two')).toBe('one');
      expect(await claim('one')).toBe('one');
    });

    test('is refused while the other connection needs a new consent', async () => {
      await claim('one');
      await connected('one');
      await failInto(opened(), 'one', 'reconnect');
      expect(await claim('two')).toBe('one');
    });

    test('is separate for each app', async () => {
      await claim('one');
      await connected('one');
      expect(await claim('two', 'other_app')).toBe('two');
    });

    test('is granted once the other connection is disconnected', async () => {
      await claim('one');
      await connected('one');
      await failInto(opened(), 'one', 'disconnected');
      expect(await claim('two')).toBe('two');
      await connected('two');
      expect(await claim('one')).toBe('two');
    });

    test.each([
      ['another user', { zoomUserId: 'grace' }],
      ['another app', { zoomUserId: 'ada', app: 'other_app' }],
      ['a user whom Zoom did not identify', {}],
    ])('is granted once the other connection has moved to %s', async (_, moved) => {
      await claim('one');
      await connected('one');
      await opened().commitConsent(consentOf('one', moved), 1);
      expect(await claim('two')).toBe('two');
    });

    test('is reserved for a first consent under way, until its time is up', async () => {
      await claim('one');
      expect(await claim('two', 'default', NOW + 59)).toBe('one');
      expect(await claim('two', 'default', NOW + 60)).toBe('two');
    });

    test('can be read without claiming', async () => {
      expect(await holder()).toBeUndefined();
      await claim('one');
      expect(await holder()).toBe('one');
      expect(await holder(NOW + 60)).toBeUndefined();
      await connected('one');
      expect(await holder(NOW + 60)).toBe('one');
      await failInto(opened(), 'one', 'disconnected');
      expect(await holder()).toBeUndefined();
      expect(await claim('two')).toBe('two');
    });

    test('is taken from the connection that is named, and from no other', async () => {
      const take = (connection: string, from: string) =>
        opened().claimUser('default', 'ada', connection, { now: NOW, until: NOW + 60, from });
      await claim('one');
      await connected('one');
      expect(await take('two', 'three')).toBe('one');
      expect(await take('two', 'one')).toBe('two');
      await connected('two');
      expect(await holder()).toBe('two');
      expect(await claim('one')).toBe('two');
    });

    test('is granted to only one of two connections that claim at once', async () => {
      for (const name of ['one', 'two']) await connected(name);
      const [first, second] = await Promise.all([claim('one'), claim('two')]);
      expect(first).toBe(second);
      expect(['one', 'two']).toContain(first);
    });

    test('is granted to only one of two connections that claim at once when a reservation is over', async () => {
      await claim('zero');
      const [first, second] = await Promise.all([
        claim('one', 'default', NOW + 60),
        claim('two', 'default', NOW + 60),
      ]);
      expect(first).toBe(second);
    });

    test('is undefined before the first claim', async () => {
      expect(await opened().claimant('default', 'ada')).toBeUndefined();
    });

    test('is known for each app, even when it is disconnected', async () => {
      await opened().claimUser('default', 'ada', 'main', { now: 0, until: 60 });
      await connected('main');
      const by = { owner: 'operator', now: NOW + 9, until: NOW + 189, disconnectedAt: NOW + 9 };
      expect(await opened().beginDisconnect('main', by)).toMatchObject({ status: 'disconnected' });
      expect(await opened().claimant('default', 'ada')).toBe('main');
      expect(await opened().claimant('reports', 'ada')).toBeUndefined();
    });
  });
}
