import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { consentOf, dueNames, failInto, HOUR, NOW } from './values.ts';

export function describeAlerts(opened: () => ConnectionStore): void {
  const connected = () => opened().commitConsent(consentOf('main'), 0);
  const stored = async () => (await opened().get('main')) as Connection;

  describe('the next alert for a connection that needs a new consent', () => {
    const waiting = async () => {
      await connected();
      await failInto(opened(), 'main', 'reconnect');
      return stored();
    };

    test('is snoozed, its time is noted, and nothing else changes', async () => {
      const item = await waiting();
      expect(await opened().snoozeAlert(item, { dueAt: NOW + HOUR, alertedAt: NOW })).toBe(true);
      expect(await stored()).toEqual({ ...item, dueAt: NOW + HOUR, alertedAt: NOW });
      expect(await dueNames(opened(), 'reconnect', NOW, 100)).toEqual([]);
      expect(await dueNames(opened(), 'reconnect', NOW + HOUR, 100)).toEqual(['main']);
    });

    test('is cancelled by a consent, whose tokens are due at once', async () => {
      const item = await waiting();
      const newer = await connected();
      expect(await opened().snoozeAlert(item, { dueAt: NOW + HOUR, alertedAt: NOW })).toBe(false);
      expect(await stored()).toEqual(newer);
    });

    test('is not snoozed for a connection that is active', async () => {
      const item = await connected();
      expect(await opened().snoozeAlert(item, { dueAt: NOW + HOUR, alertedAt: NOW })).toBe(false);
      expect(await stored()).toEqual(item);
    });

    test('gives way to an attempt, which is due at once', async () => {
      const item = await waiting();
      await opened().snoozeAlert(item, { dueAt: NOW + HOUR, alertedAt: NOW });
      expect(await opened().retryReconnect(item, NOW + 5)).toBe(true);
      expect(await stored()).toEqual({ ...item, dueAt: NOW + 5, alertedAt: NOW });
    });

    test('does not give way to an attempt once a consent has come', async () => {
      const item = await waiting();
      const newer = await connected();
      expect(await opened().retryReconnect(item, NOW + 5)).toBe(false);
      expect(await stored()).toEqual(newer);
    });
  });

  describe('the time of the last alert', () => {
    test('is noted whatever the status, and removed when the connection is well again', async () => {
      const item = await connected();
      expect(await opened().noteAlert(item, NOW + 9)).toBe(true);
      expect(await stored()).toEqual({ ...item, alertedAt: NOW + 9 });
      expect(await opened().noteAlert(item, undefined)).toBe(true);
      expect(await stored()).toEqual(item);
    });

    test('is not noted for an earlier version', async () => {
      const item = await connected();
      const newer = await connected();
      expect(await opened().noteAlert(item, NOW + 9)).toBe(false);
      expect(await opened().noteAlert(item, undefined)).toBe(false);
      expect(await stored()).toEqual(newer);
    });

    test('of an unknown connection creates nothing', async () => {
      const item = { ...(await connected()), connection: 'nobody' };
      expect(await opened().noteAlert(item, NOW)).toBe(false);
      expect(await opened().get('nobody')).toBeUndefined();
    });
  });

  describe('the replaced tokens of a rotation', () => {
    const replaced = { sealedTokens: 'sealed before', expiresAt: NOW + 900 };

    test('are kept one a connection, until they are dropped', async () => {
      expect(await opened().replaced('main')).toBeUndefined();
      await opened().keepReplaced('main', { ...replaced, sealedTokens: 'older' });
      await opened().keepReplaced('main', replaced);
      expect(await opened().replaced('main')).toMatchObject(replaced);
      expect(await opened().replaced('other')).toBeUndefined();
      await opened().dropReplaced('main');
      expect(await opened().replaced('main')).toBeUndefined();
    });

    test('are kept anew after they were dropped', async () => {
      await opened().keepReplaced('main', replaced);
      await opened().dropReplaced('main');
      await opened().dropReplaced('main');
      await opened().keepReplaced('main', replaced);
      expect(await opened().replaced('main')).toMatchObject(replaced);
    });

    test('are no connection', async () => {
      await opened().keepReplaced('main', replaced);
      expect(await opened().list()).toEqual([]);
      expect(await opened().get('main')).toBeUndefined();
    });
  });
}
