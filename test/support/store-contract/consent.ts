import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { Consent } from '../../../lambdas/tokens/store/connections.ts';
import { consentOf, failInto, failure, HOUR, leaseOf, NOW } from './values.ts';

export function describeConsent(opened: () => ConnectionStore): void {
  const connected = (changed?: Partial<Consent>) => opened().commitConsent(consentOf('main', changed), 0);
  const leased = async () => (await opened().lease('main', leaseOf('me'))) as Connection;
  const stored = async () => (await opened().get('main')) as Connection;
  const rotation = { sealedTokens: 'sealed again', expiresAt: NOW + 2 * HOUR, rotatedAt: NOW + 5 };
  const settled = { validUntil: NOW + HOUR, dueAt: NOW + 50 * 60 };

  describe('a consent', () => {
    test('creates a connection that is active, due at once, of version 1 and unpublished', async () => {
      const consent = consentOf('main', { zoomUserId: 'ada', zoomAccountId: 'engine' });
      const item = await opened().commitConsent(consent, 0);
      expect(item).toEqual({
        ...consent,
        status: 'active',
        rotatedAt: NOW,
        dueAt: NOW,
        generation: 1,
        version: 1,
        publishedVersion: 0,
        validUntil: 0,
        failures: 0,
      });
      expect(await stored()).toEqual(item);
    });

    test('with a place forgets that a bundle had no room, and one without a place does not', async () => {
      await connected({ place: 'own', noRoomIn: 'sales' });
      const kept = await opened().commitConsent(consentOf('main', { consentedAt: NOW + 1 }), 1);
      expect(kept).toMatchObject({ place: 'own', noRoomIn: 'sales' });
      const placed = consentOf('main', { consentedAt: NOW + 2, place: 'bundle_sales' });
      const item = await opened().commitConsent(placed, 2);
      expect(item.place).toBe('bundle_sales');
      expect(item).not.toHaveProperty('noRoomIn');
    });

    test('that is sent again, because its response was lost, changes nothing', async () => {
      const consent = consentOf('main');
      const item = await opened().commitConsent(consent, 0);
      expect(await opened().commitConsent(consent, 0)).toEqual(item);
      expect(await stored()).toEqual(item);
    });

    test('that is sent again by a function that has read it since changes nothing', async () => {
      const consent = consentOf('main');
      const item = await opened().commitConsent(consent, 0);
      expect(await opened().commitConsent(consent, item.generation)).toEqual(item);
      expect(await stored()).toEqual(item);
    });

    test('that is sent again after a rotation does not restore the spent tokens', async () => {
      const consent = consentOf('main');
      await opened().commitConsent(consent, 0);
      const rotated = await opened().commitRotation(await stored(), rotation);
      expect(await opened().commitConsent(consent, 0)).toEqual(rotated);
      expect(await stored()).toEqual(rotated);
    });

    test('that is older than a concurrent one changes nothing, because Zoom has revoked its tokens', async () => {
      const newer = await opened().commitConsent(consentOf('main', { consentedAt: NOW + 9 }), 0);
      expect(await opened().commitConsent(consentOf('main', { consentedAt: NOW }), 0)).toEqual(newer);
      expect(await stored()).toEqual(newer);
    });

    test('that follows another is the newer one, whatever its function’s clock says', async () => {
      const { generation } = await opened().commitConsent(consentOf('main', { consentedAt: NOW + 9 }), 0);
      const next = await opened().commitConsent(consentOf('main', { consentedAt: NOW }), generation);
      expect(next).toMatchObject({ generation: generation + 1, consentedAt: NOW });
    });

    test('for an existing connection raises generation and version and keeps what is published', async () => {
      await connected();
      await opened().settle(await leased(), settled);
      const again = await connected({ consentedAt: NOW + 9, sealedTokens: 'newer' });
      expect(again).toMatchObject({ generation: 2, version: 2, sealedTokens: 'newer' });
      expect(again).toMatchObject({ consentedAt: NOW + 9, rotatedAt: NOW + 9, dueAt: NOW + 9 });
      expect(again).toMatchObject({ publishedVersion: 1, validUntil: settled.validUntil });
    });

    test('resets status, failures and error', async () => {
      await connected();
      await failInto(opened(), 'main', 'reconnect');
      const again = await connected();
      expect(again).toMatchObject({ status: 'active', failures: 0 });
      expect(again).not.toHaveProperty('lastError');
    });

    test('removes the suspicion, the alert and the measurement of the tokens before', async () => {
      await connected();
      const judged = { failingSince: NOW - 9, suspectSince: NOW - 9, refusals: 2, lostAt: NOW - 12 };
      await opened().settle(await leased(), { ...settled, dueAt: NOW, measureAt: NOW + 60 });
      await opened().fail(await leased(), { ...failure, ...judged });
      await opened().noteAlert(await stored(), NOW - 3);
      const again = await connected();
      for (const past of [...Object.keys(judged), 'alertedAt', 'measureAt']) {
        expect(again).not.toHaveProperty(past);
      }
    });

    test('stores the client id of the app that obtained the tokens', async () => {
      await connected({ clientId: 'an app' });
      expect(await connected({ clientId: 'another app' })).toMatchObject({ clientId: 'another app' });
    });

    test('leaves a lease with its holder', async () => {
      await connected();
      await leased();
      expect(await connected()).toMatchObject({ leaseOwner: 'me', leaseUntil: NOW + 180 });
    });

    test('removes the earlier Zoom user when Zoom did not identify the new one', async () => {
      const { generation } = await connected({ zoomUserId: 'ada', zoomAccountId: 'engine' });
      const next = await opened().commitConsent(consentOf('main', { zoomUserId: 'grace' }), generation);
      expect(next).not.toHaveProperty('zoomAccountId');
      const last = await opened().commitConsent(consentOf('main'), next.generation);
      expect(last).not.toHaveProperty('zoomUserId');
    });

    test('removes the earlier scopes when Zoom named none', async () => {
      expect(await connected({ scope: 'user:read' })).toMatchObject({ scope: 'user:read' });
      expect(await connected({ scope: '' })).toMatchObject({ scope: '' });
      expect(await connected()).not.toHaveProperty('scope');
    });

    describe.each([
      ['by another Zoom user', { zoomUserId: 'grace' }],
      ['by a Zoom user whom Zoom did not identify', {}],
    ])('%s', (_, other) => {
      const later = (seen: number) =>
        opened().commitConsent(consentOf('main', { ...other, consentedAt: NOW + 9 }), seen);

      test('changes nothing when it has not read the consent that it would replace', async () => {
        const item = await connected({ zoomUserId: 'ada' });
        expect(await later(0)).toEqual(item);
        expect(await stored()).toEqual(item);
      });

      test('replaces a consent that it has read, and a disconnected connection', async () => {
        await connected({ zoomUserId: 'ada' });
        expect(await later(1)).toMatchObject({ generation: 2 });
        const back = await opened().commitConsent(consentOf('main', { zoomUserId: 'ada' }), 2);
        await failInto(opened(), 'main', 'disconnected');
        expect(await later(0)).toMatchObject({ generation: back.generation + 1 });
      });
    });

    test('may change the app and the grant type', async () => {
      await connected();
      const changed = { app: 'reports', grantType: 'account_credentials', overlap: 'yes' } as const;
      expect(await connected(changed)).toMatchObject(changed);
    });
  });
}
