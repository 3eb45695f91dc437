import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { NEVER } from '../../../lambdas/tokens/schedule.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { consentOf, failInto, failure, leaseOf, NOW } from './values.ts';

export function describeDisconnection(opened: () => ConnectionStore): void {
  const connected = (changed = {}, seen = 0) => opened().commitConsent(consentOf('main', changed), seen);
  const disconnect = (changed = {}) =>
    opened().beginDisconnect('main', {
      owner: 'operator',
      now: NOW + 9,
      until: NOW + 189,
      disconnectedAt: NOW + 9,
      ...changed,
    });
  const disconnected = async (changed = {}) => (await disconnect(changed)) as Connection;
  const stored = async () => (await opened().get('main')) as Connection;
  const confirmed = { revokedAt: NOW + 10, secretDeletedAt: NOW + 7 * 86_400 };
  const lastError = { ...failure.lastError, code: 'not_revoked' } as const;

  describe('the rest of a disconnection', () => {
    const leaseOf = (owner: string, now: number) => ({ owner, now, until: now + 180 });

    test('is due when the lease of the function that began it ends', async () => {
      await connected();
      const begun = await disconnected();
      expect(await opened().leaseDisconnected('main', leaseOf('a sweep', NOW + 188))).toBeUndefined();
      const held = await opened().leaseDisconnected('main', leaseOf('a sweep', NOW + 189));
      expect(held).toEqual({ ...begun, leaseOwner: 'a sweep', leaseUntil: NOW + 369 });
      expect((await opened().due('disconnected', NOW + 189, { limit: 9 })).entries).toMatchObject([
        { connection: 'main' },
      ]);
    });

    test('can be left to a sweep before that, with what is known of it', async () => {
      await connected();
      const { leaseOwner: _, leaseUntil: __, ...begun } = await disconnected({ revokedAt: NOW + 8 });
      const left = { dueAt: NOW + 10, secretDeletedAt: NOW + 7 * 86_400 };
      expect(await opened().leaveDisconnect(await stored(), left)).toBe(true);
      expect(await stored()).toEqual({ ...begun, ...left, revokedAt: NOW + 8 });
      expect(await opened().leaseDisconnected('main', leaseOf('a sweep', NOW + 10))).toBeDefined();
    });

    test('is left by its lease holder alone', async () => {
      await connected();
      const begun = await disconnected();
      expect(await opened().leaveDisconnect({ ...begun, leaseOwner: 'another' }, { dueAt: NOW })).toBe(false);
      expect(await stored()).toEqual(begun);
    });

    test('is never due once it is done, nor is a connection that is in use', async () => {
      await connected();
      expect(await opened().leaseDisconnected('main', leaseOf('a sweep', NOW + 9))).toBeUndefined();
      await opened().finishDisconnect(await disconnected(), confirmed);
      expect(await opened().leaseDisconnected('main', leaseOf('a sweep', NOW + 10 ** 8))).toBeUndefined();
      expect((await opened().due('disconnected', NOW + 10 ** 8, { limit: 9 })).entries).toEqual([]);
    });
  });

  describe('a disconnection', () => {
    test('raises generation and version and takes the lease in one write, and keeps the tokens until it ends', async () => {
      const before = await connected();
      const item = await disconnected();
      expect(item).toEqual({
        ...before,
        status: 'disconnected',
        disconnectedAt: NOW + 9,
        generation: 2,
        version: 2,
        leaseOwner: 'operator',
        leaseUntil: NOW + 189,
        dueAt: NOW + 189,
      });
      expect(await stored()).toEqual(item);
    });

    test('begins only when the lease of another function has expired', async () => {
      await connected();
      const held = await opened().lease('main', leaseOf('a step'));
      expect(await disconnect()).toBeUndefined();
      expect(await stored()).toEqual(held);
      expect(await disconnect({ now: NOW + 180 })).toMatchObject({ leaseOwner: 'operator' });
    });

    test.each(['reconnect', 'misconfigured', 'disconnected'] as const)(
      'begins in the status %s too',
      async (status) => {
        await connected();
        await failInto(opened(), 'main', status);
        expect(await disconnect()).toMatchObject({ status: 'disconnected', failures: 0 });
      },
    );

    test('can be limited to one generation', async () => {
      await connected();
      expect(await disconnect({ generation: 2 })).toBeUndefined();
      expect(await disconnect({ generation: 1 })).toMatchObject({ status: 'disconnected' });
    });

    test('of an unknown connection creates nothing', async () => {
      expect(await disconnect()).toBeUndefined();
      expect(await opened().list()).toEqual([]);
    });

    test('prevents a step that is under way from storing a rotation, a success or a failure', async () => {
      await connected();
      const step = (await opened().lease('main', leaseOf('a step'))) as Connection;
      const item = await disconnected({ now: NOW + 180 });
      const rotation = { sealedTokens: 'newer', expiresAt: NOW + 3600, rotatedAt: NOW };
      expect(await opened().commitRotation(step, rotation)).toBeUndefined();
      expect(await opened().settle(step, { validUntil: NOW, dueAt: NOW })).toBe(false);
      expect(await opened().fail(step, failure)).toBe(false);
      expect(await stored()).toEqual(item);
    });

    test('ends without tokens, with nothing published, and releases the lease', async () => {
      await connected();
      const item = await disconnected();
      const { leaseOwner: _, leaseUntil: __, ...rest } = item;
      const ended = {
        ...rest,
        ...confirmed,
        sealedTokens: '',
        publishedVersion: 0,
        validUntil: 0,
        dueAt: NEVER,
      };
      expect(await opened().finishDisconnect(item, confirmed)).toEqual(ended);
      expect(await stored()).toEqual(ended);
      expect(await opened().finishDisconnect(item, confirmed)).toEqual(ended);
    });

    test('stores that Zoom did not confirm the revocation, until a repetition confirms it', async () => {
      await connected();
      const item = await disconnected();
      expect(await opened().finishDisconnect(item, { lastError })).toMatchObject({ lastError });
      const again = await opened().finishDisconnect(item, confirmed);
      expect(again).toMatchObject(confirmed);
      expect(again).not.toHaveProperty('lastError');
    });

    test('does not overwrite a newer consent when it ends', async () => {
      await connected();
      const item = await disconnected();
      const newer = await connected({ consentedAt: NOW + 20 }, 2);
      expect(await opened().finishDisconnect(item, confirmed)).toBeUndefined();
      expect(await stored()).toEqual(newer);
    });

    test('leaves no attribute behind after the next consent', async () => {
      await connected();
      await opened().finishDisconnect(await disconnected(), { ...confirmed, lastError });
      const again = await connected({ consentedAt: NOW + 20 }, 2);
      expect(again).toMatchObject({ status: 'active', generation: 3, version: 3, publishedVersion: 0 });
      for (const past of ['disconnectedAt', 'revokedAt', 'secretDeletedAt', 'lastError']) {
        expect(again).not.toHaveProperty(past);
      }
    });

    test('wins over a concurrent consent that is older', async () => {
      await connected();
      const item = await disconnected();
      expect(await connected({ consentedAt: NOW + 8 }, 1)).toEqual(item);
      expect(await stored()).toEqual(item);
    });

    test('yields to a concurrent consent that is newer or of the same second', async () => {
      await connected();
      await disconnected();
      expect(await connected({ consentedAt: NOW + 9 }, 1)).toMatchObject({ status: 'active' });
    });

    test('yields to a consent that has read it, whatever that function’s clock says', async () => {
      await connected();
      await disconnected();
      expect(await connected({ consentedAt: NOW - 30 }, 2)).toMatchObject({ status: 'active' });
    });

    test('is not undone when the consent before it is sent again', async () => {
      const consent = consentOf('main', { consentedAt: NOW + 20 });
      await opened().commitConsent(consent, 0);
      const item = await disconnected();
      expect(await opened().commitConsent(consent, 0)).toEqual(item);
    });
  });
}
