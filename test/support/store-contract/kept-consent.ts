import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { consentOf, failInto, leaseOf, NOW } from './values.ts';

/** The note that a consent is kept in the rescue store. */
export function describeKeptConsent(opened: () => ConnectionStore): void {
  const kept = { consentId: 'kept', app: 'default' };
  const stored = async () => (await opened().get('main')) as Connection;

  describe('the note of a kept consent', () => {
    test('makes the connection due, also one that waits for a person', async () => {
      await opened().commitConsent(consentOf('main'), 0);
      await failInto(opened(), 'main', 'reconnect', NOW + 1000);
      expect(await opened().noteKeptConsent('main', kept, NOW)).toBe(true);
      expect(await stored()).toMatchObject({ status: 'active', dueAt: NOW, keptConsent: kept, version: 1 });
    });

    test('is not written for nothing, nor for a disconnected connection', async () => {
      expect(await opened().noteKeptConsent('main', kept, NOW)).toBe(false);
      expect(await opened().get('main')).toBeUndefined();
      await opened().commitConsent(consentOf('main'), 0);
      await failInto(opened(), 'main', 'disconnected');
      expect(await opened().noteKeptConsent('main', kept, NOW)).toBe(false);
      expect(await stored()).not.toHaveProperty('keptConsent');
    });

    test('is dropped by who read it, but not if another consent is kept by then', async () => {
      await opened().commitConsent(consentOf('main'), 0);
      await opened().noteKeptConsent('main', kept, NOW);
      const seen = await stored();
      const newer = { ...kept, consentId: 'newer' };
      await opened().noteKeptConsent('main', newer, NOW);
      await opened().dropKeptConsent(seen);
      expect(await stored()).toMatchObject({ keptConsent: newer });
      await opened().dropKeptConsent(await stored());
      expect(await stored()).not.toHaveProperty('keptConsent');
    });

    test('goes with the next consent, and with a disconnection', async () => {
      await opened().commitConsent(consentOf('main'), 0);
      await opened().noteKeptConsent('main', kept, NOW);
      const item = await opened().commitConsent(consentOf('main', { consentedAt: NOW + 1 }), 1);
      expect(item).not.toHaveProperty('keptConsent');
      await opened().noteKeptConsent('main', kept, NOW);
      const ending = { ...leaseOf('me'), disconnectedAt: NOW + 2 };
      const held = (await opened().beginDisconnect('main', ending)) as Connection;
      expect(await opened().finishDisconnect(held, {})).not.toHaveProperty('keptConsent');
    });
  });
}
