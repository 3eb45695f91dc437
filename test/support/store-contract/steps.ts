import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { Consent } from '../../../lambdas/tokens/store/connections.ts';
import { consentOf, failInto, failure, HOUR, leaseOf, NOW } from './values.ts';

export function describeSteps(opened: () => ConnectionStore): void {
  const connected = (changed?: Partial<Consent>) => opened().commitConsent(consentOf('main', changed), 0);
  const leased = async () => (await opened().lease('main', leaseOf('me'))) as Connection;
  const stored = async () => (await opened().get('main')) as Connection;
  const rotation = { sealedTokens: 'sealed again', expiresAt: NOW + 2 * HOUR, rotatedAt: NOW + 5 };
  const settled = { validUntil: NOW + HOUR, dueAt: NOW + 50 * 60 };

  describe('a rotation', () => {
    test('stores the new tokens, raises the version, is due, resets failures and keeps the lease', async () => {
      await connected();
      await failInto(opened(), 'main', 'misconfigured');
      const mine = await leased();
      const item = await opened().commitRotation(mine, rotation);
      const { lastError: _, askedAt: __, ...rest } = mine;
      const expected = { version: 2, dueAt: NOW + 5, status: 'active', failures: 0 };
      expect(item).toEqual({ ...rest, ...rotation, ...expected });
      expect(await stored()).toEqual(item);
    });

    test('removes the suspicion and the loss that were noted, and keeps that people were alerted', async () => {
      await connected();
      const judged = { failingSince: NOW - 9, suspectSince: NOW - 9, refusals: 2, lostAt: NOW - 12 };
      await opened().fail(await leased(), { ...failure, ...judged, dueAt: NOW });
      await opened().noteAlert(await stored(), NOW - 3);
      const item = await opened().commitRotation(await leased(), rotation);
      for (const past of ['lastError', 'askedAt', ...Object.keys(judged)]) {
        expect(item).not.toHaveProperty(past);
      }
      // Only a message that says that it is well again takes this away.
      expect(item).toMatchObject({ alertedAt: NOW - 3 });
    });

    test('stores the client id of the app that obtained the tokens', async () => {
      await connected();
      const item = await opened().commitRotation(await leased(), { ...rotation, clientId: 'an app' });
      expect(item).toMatchObject({ clientId: 'an app' });
    });

    test('of an earlier version is not stored, and the newer consent stays', async () => {
      await connected();
      const mine = await leased();
      const newer = await connected({ sealedTokens: 'newer' });
      expect(await opened().commitRotation(mine, rotation)).toBeUndefined();
      expect(await stored()).toEqual(newer);
    });

    test('is stored once even when it is sent twice', async () => {
      await connected();
      const mine = await leased();
      await opened().commitRotation(mine, rotation);
      expect(await opened().commitRotation(mine, rotation)).toBeUndefined();
      expect(await stored()).toMatchObject({ version: 2 });
    });

    test('of an unknown connection creates nothing', async () => {
      const item = { ...(await connected()), connection: 'nobody' };
      expect(await opened().commitRotation(item, rotation)).toBeUndefined();
      expect(await opened().get('nobody')).toBeUndefined();
    });
  });

  describe('the end of a step', () => {
    test('settled: the connection is active, its version is published, failures are reset and the lease is released', async () => {
      await connected();
      await failInto(opened(), 'main', 'misconfigured');
      const mine = await leased();
      expect(await opened().settle(mine, settled)).toBe(true);
      const { leaseOwner: _, leaseUntil: __, lastError: ___, askedAt: ____, ...rest } = mine;
      const expected = { status: 'active', publishedVersion: 1, failures: 0 };
      expect(await stored()).toEqual({ ...rest, ...settled, ...expected });
    });

    test('failed: status, next attempt and error are stored, and the lease is released', async () => {
      await connected();
      const mine = await leased();
      expect(await opened().fail(mine, failure)).toBe(true);
      const { leaseOwner: _, leaseUntil: __, askedAt: ___, ...rest } = mine;
      expect(await stored()).toEqual({ ...rest, ...failure });
    });

    test('failed: since when it fails, is a suspect and how often it was refused are stored and kept', async () => {
      await connected();
      const judged = { failingSince: NOW - 60, suspectSince: NOW - 60, refusals: 1, lostAt: NOW - 90 };
      await opened().fail(await leased(), { ...failure, ...judged, dueAt: NOW });
      expect(await stored()).toMatchObject(judged);
      await opened().fail(await leased(), { ...failure, failures: 2 });
      expect(await stored()).toMatchObject({ ...judged, failures: 2 });
    });

    test('failed: a connection that begins to wait for a person has not been alerted of that yet', async () => {
      await connected();
      await opened().noteAlert(await stored(), NOW - 3);
      await opened().fail(await leased(), { ...failure, dueAt: NOW });
      expect(await stored()).toMatchObject({ alertedAt: NOW - 3 });
      await failInto(opened(), 'main', 'reconnect');
      expect(await stored()).not.toHaveProperty('alertedAt');
    });

    test('failed: a connection that goes on waiting keeps the time of its last alert', async () => {
      await connected();
      await failInto(opened(), 'main', 'reconnect');
      await opened().snoozeAlert(await stored(), { dueAt: NOW, alertedAt: NOW - 3 });
      const again = { ...leaseOf('me', { early: true }), inReconnect: true };
      const held = (await opened().lease('main', again)) as Connection;
      await opened().fail(held, { ...failure, status: 'reconnect' });
      expect(await stored()).toMatchObject({ status: 'reconnect', alertedAt: NOW - 3 });
    });

    test('failed: the time of the request stays only where its outcome is still to be found', async () => {
      await connected();
      await opened().fail(await leased(), { ...failure, dueAt: NOW, askedAt: NOW });
      expect(await stored()).toMatchObject({ askedAt: NOW });
      await opened().fail(await leased(), failure);
      expect(await stored()).not.toHaveProperty('askedAt');
    });

    test('settled: a measurement that is due is stored, and removed by the settlement that names none', async () => {
      await connected();
      const measurement = { overlapSeen: 1, overlapAskedAt: NOW - 9 };
      await opened().settle(await leased(), { ...settled, ...measurement, measureAt: NOW + 60 });
      expect(await stored()).toMatchObject({ ...measurement, measureAt: NOW + 60 });
      const next = leaseOf('me', { early: true });
      await opened().settle((await opened().lease('main', next)) as Connection, settled);
      expect(await stored()).toMatchObject(measurement);
      expect(await stored()).not.toHaveProperty('measureAt');
    });

    test('settled: it fails no longer, and that people were alerted is kept', async () => {
      await connected();
      await opened().fail(await leased(), { ...failure, dueAt: NOW, failingSince: NOW - 60 });
      await opened().noteAlert(await stored(), NOW - 3);
      await opened().settle(await leased(), settled);
      expect(await stored()).not.toHaveProperty('failingSince');
      expect(await stored()).toMatchObject({ alertedAt: NOW - 3 });
    });

    test('settled: overlap and push targets are stored when they are given, and kept when they are not', async () => {
      await connected();
      const targets = [{ instance: 'office', credentialId: 'c1', pushedVersion: 1, failures: 0 }];
      await opened().settle(await leased(), { ...settled, overlap: 'no', targets });
      expect(await stored()).toMatchObject({ overlap: 'no', targets });
      await opened().settle(
        (await opened().lease('main', leaseOf('me', { early: true }))) as Connection,
        settled,
      );
      expect(await stored()).toMatchObject({ overlap: 'no', targets });
    });

    test('settled: a Zoom user who was identified meanwhile is stored, and kept', async () => {
      await connected();
      const user = { zoomUserId: 'ada', zoomAccountId: 'engine' };
      await opened().settle(await leased(), { ...settled, ...user });
      expect(await stored()).toMatchObject(user);
      await opened().settle(
        (await opened().lease('main', leaseOf('me', { early: true }))) as Connection,
        settled,
      );
      expect(await stored()).toMatchObject(user);
    });

    test('failed: push targets are stored when they are given', async () => {
      await connected();
      const { lastError } = failure;
      const target = { instance: 'office', credentialId: 'c1', pushedVersion: 0, failures: 1, lastError };
      const targets = [{ ...target, retryAt: NOW + 30 }];
      await opened().fail(await leased(), { ...failure, targets });
      expect(await stored()).toMatchObject({ failures: 1, targets });
    });

    const ends = {
      settled: (item: Connection) => opened().settle(item, settled),
      failed: (item: Connection) => opened().fail(item, failure),
    };
    for (const [name, end] of Object.entries(ends)) {
      test(`${name}: nothing is stored for a function that does not hold the lease`, async () => {
        await connected();
        const mine = await leased();
        expect(await end({ ...mine, leaseOwner: 'another' })).toBe(false);
        expect(await stored()).toEqual(mine);
      });

      test(`${name}: nothing is stored for an earlier version`, async () => {
        await connected();
        const mine = await leased();
        const newer = await connected();
        expect(await end(mine)).toBe(false);
        expect(await stored()).toEqual(newer);
      });

      test(`${name}: nothing is stored a second time`, async () => {
        await connected();
        const mine = await leased();
        await end(mine);
        expect(await end(mine)).toBe(false);
      });
    }
  });

  describe('the places of a connection', () => {
    const places = {
      place: 'bundle_sales' as const,
      oldPlaces: [{ place: 'own' as const, until: NOW + 60 }],
    };

    test('are changed by the lease holder, and the connection is due to be published there', async () => {
      await connected();
      const mine = await leased();
      expect(await opened().setPlaces({ ...mine, leaseOwner: 'another' }, places, NOW)).toBe(false);
      expect(await opened().setPlaces(mine, places, NOW)).toBe(true);
      expect(await stored()).toEqual({ ...mine, ...places, publishedVersion: 0, dueAt: NOW });
      const { entries } = await opened().due('active', NOW, { limit: 10 });
      expect(entries).toContainEqual(expect.objectContaining({ place: 'bundle_sales' }));
    });

    test('are not changed for an earlier version', async () => {
      await connected();
      const mine = await leased();
      await connected();
      expect(await opened().setPlaces(mine, places, NOW)).toBe(false);
    });
  });

  describe('the push targets of a connection', () => {
    const targets = [{ instance: 'office', credentialId: 'c1', pushedVersion: 1, failures: 0 }];

    test('are changed by the lease holder, who keeps the lease, and nothing else changes', async () => {
      await connected();
      const mine = await leased();
      expect(await opened().setPushTargets(mine, targets)).toBe(true);
      expect(await stored()).toEqual({ ...mine, targets });
      expect(await opened().setPushTargets(mine, [])).toBe(true);
      expect(await stored()).toEqual(mine);
    });

    test('are replaced together with the other credentials that are given, and leave those that are not', async () => {
      await connected();
      const mine = await leased();
      const externalCredentials = [{ instance: 'office', credentialId: 'c2' }];
      const url = 'https://n8n.example.com';
      const pendingCredentials = [{ instance: 'home', url, id: 'c3', name: 'Zoom', at: NOW }];
      expect(await opened().setPushTargets(mine, [], { externalCredentials, pendingCredentials })).toBe(true);
      expect(await stored()).toEqual({ ...mine, externalCredentials, pendingCredentials });
      expect(await opened().setPushTargets(mine, targets, { pendingCredentials: [] })).toBe(true);
      expect(await stored()).toEqual({ ...mine, targets, externalCredentials });
    });

    test('are not changed without the lease, nor for an earlier version', async () => {
      await connected();
      const mine = await leased();
      expect(await opened().setPushTargets({ ...mine, leaseOwner: 'another' }, targets)).toBe(false);
      const newer = await connected();
      expect(await opened().setPushTargets(mine, targets)).toBe(false);
      expect(await stored()).toEqual(newer);
    });

    test('stay after a consent and a rotation', async () => {
      await connected();
      await opened().setPushTargets(await leased(), targets);
      expect(await connected()).toMatchObject({ targets });
      expect(await opened().commitRotation(await stored(), rotation)).toMatchObject({ targets });
    });
  });
}
