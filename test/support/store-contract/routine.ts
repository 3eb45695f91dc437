import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { consentOf, dueNames, failure, HOUR, leaseOf, NOW } from './values.ts';

/** A routine rotation is stored before the indexes know of it. Whatever comes between the two writes sees its tokens. */
export function describeRoutineRotation(opened: () => ConnectionStore): void {
  const later = { now: NOW + 180, until: NOW + 360 };
  const rotation = { sealedTokens: 'sealed again', expiresAt: NOW + 2 * HOUR, rotatedAt: NOW + 5 };
  const settled = { validUntil: NOW + HOUR, dueAt: NOW };
  const lease = async (owner: string, changed = {}) =>
    (await opened().lease('main', leaseOf(owner, changed))) as Connection;
  const stored = async () => (await opened().get('main')) as Connection;
  const commit = (of: Connection, changed = {}) =>
    opened().commitRotation(of, { ...rotation, ...changed }, { isRoutine: true });
  /** Connects and publishes, so that the next rotation is a routine one. */
  const published = async (changed = {}) => {
    await opened().commitConsent(
      consentOf('main', { clientId: 'an app', scope: 'user:read', ...changed }),
      0,
    );
    await opened().settle(await lease('first'), settled);
  };
  const disconnecting = { ...leaseOf('operator', later), disconnectedAt: NOW + 180 };

  describe('a routine rotation', () => {
    test('is stored with its version and its times, and keeps the app and the scopes', async () => {
      await published();
      const mine = await lease('me');
      const item = await commit(mine);
      const { askedAt: _, ...rest } = mine;
      expect(item).toEqual({ ...rest, ...rotation, version: 2, dueAt: NOW + 5 });
      expect(await stored()).toMatchObject({
        ...rotation,
        version: 2,
        clientId: 'an app',
        scope: 'user:read',
      });
      expect(await opened().list()).toEqual([await stored()]);
    });

    test('is settled as any other, and the next one follows', async () => {
      await published();
      for (const version of [2, 3]) {
        const item = (await commit(await lease('me'), { sealedTokens: `sealed ${version}` })) as Connection;
        expect(await opened().settle(item, settled)).toBe(true);
        const published = { version, publishedVersion: version, sealedTokens: `sealed ${version}` };
        expect(await stored()).toMatchObject(published);
      }
    });

    test('of an earlier version is not stored', async () => {
      await published();
      const mine = await lease('me');
      await commit(mine);
      expect(await commit(mine, { sealedTokens: 'sealed twice' })).toBeUndefined();
      expect(await stored()).toMatchObject({ ...rotation, version: 2 });
    });

    test('is recorded by a step that fails to publish it', async () => {
      await published();
      const item = (await commit(await lease('me'))) as Connection;
      expect(await opened().fail(item, failure)).toBe(true);
      expect(await stored()).toMatchObject({ ...rotation, version: 2, publishedVersion: 1, failures: 1 });
    });

    test('of a killed step is due, and is handed to the next holder with nothing left to look for', async () => {
      await published();
      await commit(await lease('me'));
      expect(await dueNames(opened(), 'active', NOW + 180)).toEqual(['main']);
      const next = await lease('another', later);
      expect(next).toMatchObject({ ...rotation, version: 2, publishedVersion: 1, askedAt: NOW + 180 });
      expect(await opened().settle(next, settled)).toBe(true);
      expect(await stored()).toMatchObject({ ...rotation, version: 2, publishedVersion: 2 });
    });

    test('of a killed step does not hide that the next holder was killed as well', async () => {
      await published();
      await commit(await lease('me'));
      await lease('another', later);
      const third = await lease('third', { now: NOW + 360, until: NOW + 540 });
      expect(third).toMatchObject({ version: 2, askedAt: NOW + 180 });
    });

    test('that arrives after another function took the lease is stored, and says that the lease is lost', async () => {
      await published();
      const mine = await lease('me');
      await lease('another', later);
      expect(await commit(mine)).toMatchObject({ ...rotation, version: 2, leaseOwner: 'another' });
      expect(await stored()).toMatchObject({ ...rotation, version: 2 });
    });

    test('that a consent has crossed is not stored', async () => {
      await published();
      const mine = await lease('me');
      const newer = await opened().commitConsent(consentOf('main', { sealedTokens: 'newer' }), 1);
      expect(await commit(mine)).toBeUndefined();
      expect(await opened().settle(mine, settled)).toBe(false);
      expect(await stored()).toEqual(newer);
    });

    test('gives way to a consent that follows, whose version is higher', async () => {
      await published();
      const item = (await commit(await lease('me'))) as Connection;
      const newer = await opened().commitConsent(consentOf('main', { sealedTokens: 'newer' }), 1);
      expect(newer).toMatchObject({ generation: 2, version: 3, sealedTokens: 'newer', leaseOwner: 'me' });
      expect(newer).not.toHaveProperty('scope');
      expect(await opened().settle(item, settled)).toBe(false);
      expect(await stored()).toEqual(newer);
    });

    test('that a disconnection has crossed is not stored', async () => {
      await published();
      const mine = await lease('me');
      const ended = await opened().beginDisconnect('main', disconnecting);
      expect(await commit(mine)).toBeUndefined();
      expect(await stored()).toEqual(ended);
    });

    test('is what a disconnection revokes and erases', async () => {
      await published();
      await commit(await lease('me'));
      const held = (await opened().beginDisconnect('main', disconnecting)) as Connection;
      expect(held).toMatchObject({ ...rotation, generation: 2, version: 3, status: 'disconnected' });
      expect(await opened().finishDisconnect(held, {})).toMatchObject({ sealedTokens: '', version: 3 });
      expect(await stored()).toMatchObject({ sealedTokens: '', version: 3 });
      const again = await opened().commitConsent(consentOf('main', { consentedAt: NOW + 200 }), 2);
      expect(again).toMatchObject({ generation: 3, version: 4, sealedTokens: 'sealed for main' });
    });

    test('after one that was no routine follows it', async () => {
      await published();
      const mine = await lease('me');
      const repaired = await opened().commitRotation(mine, { ...rotation, sealedTokens: 'repaired' });
      expect(await commit(repaired as Connection)).toMatchObject({ ...rotation, version: 3 });
      expect(await stored()).toMatchObject({ ...rotation, version: 3 });
    });
  });
}
