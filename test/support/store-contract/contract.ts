import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore, Consent } from '../../../lambdas/tokens/store.ts';
import { describeAskedAt } from './asked-at.ts';
import { describeDisconnection } from './disconnection.ts';
import { describeKeptConsent } from './kept-consent.ts';
import { describeLease } from './lease.ts';
import { describeQueries } from './queries.ts';
import { consentOf, dueNames, failInto, failure, HOUR, leaseOf, NOW } from './values.ts';

/** What every `ConnectionStore` promises; `open` answers an empty one. */
export function describeConnectionStore(
  name: string,
  open: () => Promise<{ store: ConnectionStore; close(): Promise<void> }>,
): void {
  describe(name, () => {
    let store: ConnectionStore;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ store, close } = await open());
    });
    afterEach(() => close());

    const connected = (changed?: Partial<Consent>) => store.commitConsent(consentOf('main', changed), 0);
    const leased = async () => (await store.lease('main', leaseOf('me'))) as Connection;
    const stored = async () => (await store.get('main')) as Connection;
    const rotation = { sealedTokens: 'sealed again', expiresAt: NOW + 2 * HOUR, rotatedAt: NOW + 5 };
    const settled = { validUntil: NOW + HOUR, dueAt: NOW + 50 * 60 };

    describe('a consent', () => {
      test('makes a connection: active, due at once, version 1, nothing published', async () => {
        const consent = consentOf('main', { zoomUserId: 'ada', zoomAccountId: 'engine' });
        const item = await store.commitConsent(consent, 0);
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

      test('that is repeated, because its answer was lost, changes nothing', async () => {
        const consent = consentOf('main');
        const item = await store.commitConsent(consent, 0);
        expect(await store.commitConsent(consent, 0)).toEqual(item);
        expect(await stored()).toEqual(item);
      });

      test('that is repeated after a rotation does not bring back the spent tokens', async () => {
        const consent = consentOf('main');
        await store.commitConsent(consent, 0);
        const rotated = await store.commitRotation(await stored(), rotation);
        expect(await store.commitConsent(consent, 0)).toEqual(rotated);
        expect(await stored()).toEqual(rotated);
      });

      test('that crossed a newer one changes nothing: Zoom has ended its tokens', async () => {
        const newer = await store.commitConsent(consentOf('main', { consentedAt: NOW + 9 }), 0);
        expect(await store.commitConsent(consentOf('main', { consentedAt: NOW }), 0)).toEqual(newer);
        expect(await stored()).toEqual(newer);
      });

      test('that follows another is the newer one, whatever its function’s clock says', async () => {
        const { generation } = await store.commitConsent(consentOf('main', { consentedAt: NOW + 9 }), 0);
        const next = await store.commitConsent(consentOf('main', { consentedAt: NOW }), generation);
        expect(next).toMatchObject({ generation: generation + 1, consentedAt: NOW });
      });

      test('of a known connection counts generation and version on, and keeps what n8n has', async () => {
        await connected();
        await store.settle(await leased(), settled);
        const again = await connected({ consentedAt: NOW + 9, sealedTokens: 'newer' });
        expect(again).toMatchObject({ generation: 2, version: 2, sealedTokens: 'newer' });
        expect(again).toMatchObject({ consentedAt: NOW + 9, rotatedAt: NOW + 9, dueAt: NOW + 9 });
        expect(again).toMatchObject({ publishedVersion: 1, validUntil: settled.validUntil });
      });

      test('ends every trouble: status, failures and error', async () => {
        await connected();
        await failInto(store, 'main', 'reconnect');
        const again = await connected();
        expect(again).toMatchObject({ status: 'active', failures: 0 });
        expect(again).not.toHaveProperty('lastError');
      });

      test('leaves a living lease with its holder', async () => {
        await connected();
        await leased();
        expect(await connected()).toMatchObject({ leaseOwner: 'me', leaseUntil: NOW + 180 });
      });

      test('forgets an earlier user whom it does not tell', async () => {
        const { generation } = await connected({ zoomUserId: 'ada', zoomAccountId: 'engine' });
        const next = await store.commitConsent(consentOf('main', { zoomUserId: 'grace' }), generation);
        expect(next).not.toHaveProperty('zoomAccountId');
        const last = await store.commitConsent(consentOf('main'), next.generation);
        expect(last).not.toHaveProperty('zoomUserId');
      });

      describe.each([
        ['of another Zoom user', { zoomUserId: 'grace' }],
        ['of a Zoom user who is not told', {}],
      ])('%s', (_, other) => {
        const later = (seen: number) =>
          store.commitConsent(consentOf('main', { ...other, consentedAt: NOW + 9 }), seen);

        test('changes nothing where it has not seen the consent that it would replace', async () => {
          const item = await connected({ zoomUserId: 'ada' });
          expect(await later(0)).toEqual(item);
          expect(await stored()).toEqual(item);
        });

        test('replaces the one that it has seen, and one that is disconnected', async () => {
          await connected({ zoomUserId: 'ada' });
          expect(await later(1)).toMatchObject({ generation: 2 });
          const back = await store.commitConsent(consentOf('main', { zoomUserId: 'ada' }), 2);
          await failInto(store, 'main', 'disconnected');
          expect(await later(0)).toMatchObject({ generation: back.generation + 1 });
        });
      });

      test('may change the app and the grant', async () => {
        await connected();
        const changed = { app: 'reports', grantType: 'account_credentials', overlap: 'yes' } as const;
        expect(await connected(changed)).toMatchObject(changed);
      });
    });

    describeLease(() => store);

    describeAskedAt(() => store);

    describeKeptConsent(() => store);

    describe('a rotation', () => {
      test('stores the new tokens: version +1, due, no more failures; the lease stays', async () => {
        await connected();
        await failInto(store, 'main', 'misconfigured');
        const mine = await leased();
        const item = await store.commitRotation(mine, rotation);
        const { lastError: _, ...rest } = mine;
        const expected = { version: 2, dueAt: NOW + 5, status: 'active', failures: 0 };
        expect(item).toEqual({ ...rest, ...rotation, ...expected });
        expect(await stored()).toEqual(item);
      });

      test('of an earlier version is not stored: the newer consent stays', async () => {
        await connected();
        const mine = await leased();
        const newer = await connected({ sealedTokens: 'newer' });
        expect(await store.commitRotation(mine, rotation)).toBeUndefined();
        expect(await stored()).toEqual(newer);
      });

      test('is stored once, even if it is sent twice', async () => {
        await connected();
        const mine = await leased();
        await store.commitRotation(mine, rotation);
        expect(await store.commitRotation(mine, rotation)).toBeUndefined();
        expect(await stored()).toMatchObject({ version: 2 });
      });

      test('of nothing makes nothing', async () => {
        const item = { ...(await connected()), connection: 'nobody' };
        expect(await store.commitRotation(item, rotation)).toBeUndefined();
        expect(await store.get('nobody')).toBeUndefined();
      });
    });

    describe('the end of a step', () => {
      test('settled: active, its version counts as published, the lease is free, no more failures', async () => {
        await connected();
        await failInto(store, 'main', 'misconfigured');
        const mine = await leased();
        expect(await store.settle(mine, settled)).toBe(true);
        const { leaseOwner: _, leaseUntil: __, lastError: ___, ...rest } = mine;
        const expected = { status: 'active', publishedVersion: 1, failures: 0 };
        expect(await stored()).toEqual({ ...rest, ...settled, ...expected });
      });

      test('failed: status, next attempt and error are noted, the lease is free', async () => {
        await connected();
        const mine = await leased();
        expect(await store.fail(mine, failure)).toBe(true);
        const { leaseOwner: _, leaseUntil: __, ...rest } = mine;
        expect(await stored()).toEqual({ ...rest, ...failure });
      });

      test('settled: what the old token does and whom n8n has told are noted where they are told', async () => {
        await connected();
        const targets = [{ instance: 'office', credentialId: 'c1', pushedVersion: 1, failures: 0 }];
        await store.settle(await leased(), { ...settled, overlap: 'no', targets });
        expect(await stored()).toMatchObject({ overlap: 'no', targets });
        await store.settle(
          (await store.lease('main', leaseOf('me', { early: true }))) as Connection,
          settled,
        );
        expect(await stored()).toMatchObject({ overlap: 'no', targets });
      });

      test('failed: what n8n has taken all the same is noted', async () => {
        await connected();
        const { lastError } = failure;
        const target = { instance: 'office', credentialId: 'c1', pushedVersion: 0, failures: 1, lastError };
        const targets = [{ ...target, retryAt: NOW + 30 }];
        await store.fail(await leased(), { ...failure, targets });
        expect(await stored()).toMatchObject({ failures: 1, targets });
      });

      const ends = {
        settled: (item: Connection) => store.settle(item, settled),
        failed: (item: Connection) => store.fail(item, failure),
      };
      for (const [name, end] of Object.entries(ends)) {
        test(`${name}: not by somebody who does not hold the lease`, async () => {
          await connected();
          const mine = await leased();
          expect(await end({ ...mine, leaseOwner: 'another' })).toBe(false);
          expect(await stored()).toEqual(mine);
        });

        test(`${name}: not of an earlier version`, async () => {
          await connected();
          const mine = await leased();
          const newer = await connected();
          expect(await end(mine)).toBe(false);
          expect(await stored()).toEqual(newer);
        });

        test(`${name}: not twice`, async () => {
          await connected();
          const mine = await leased();
          await end(mine);
          expect(await end(mine)).toBe(false);
        });
      }
    });

    describe('the next alert of a connection that waits for a person', () => {
      const waiting = async () => {
        await connected();
        await failInto(store, 'main', 'reconnect');
        return stored();
      };

      test('is put off, and nothing else is changed', async () => {
        const item = await waiting();
        expect(await store.snoozeAlert(item, { dueAt: NOW + HOUR, alertedAt: NOW })).toBe(true);
        expect(await stored()).toEqual({ ...item, dueAt: NOW + HOUR, alertedAt: NOW });
        expect(await dueNames(store, 'reconnect', NOW)).toEqual([]);
        expect(await dueNames(store, 'reconnect', NOW + HOUR)).toEqual(['main']);
      });

      test('is over with a consent: the new tokens are due at once', async () => {
        const item = await waiting();
        const newer = await connected();
        expect(await store.snoozeAlert(item, { dueAt: NOW + HOUR, alertedAt: NOW })).toBe(false);
        expect(await stored()).toEqual(newer);
      });
    });

    describe('whom the connection is pushed to', () => {
      const targets = [{ instance: 'office', credentialId: 'c1', pushedVersion: 1, failures: 0 }];

      test('is changed by the lease’s holder, who keeps the lease, and nothing else changes', async () => {
        await connected();
        const mine = await leased();
        expect(await store.setPushTargets(mine, targets)).toBe(true);
        expect(await stored()).toEqual({ ...mine, targets });
        expect(await store.setPushTargets(mine, [])).toBe(true);
        expect(await stored()).toEqual(mine);
      });

      test('is not changed by anybody else, nor of an earlier version', async () => {
        await connected();
        const mine = await leased();
        expect(await store.setPushTargets({ ...mine, leaseOwner: 'another' }, targets)).toBe(false);
        const newer = await connected();
        expect(await store.setPushTargets(mine, targets)).toBe(false);
        expect(await stored()).toEqual(newer);
      });

      test('outlives a consent and a rotation', async () => {
        await connected();
        await store.setPushTargets(await leased(), targets);
        expect(await connected()).toMatchObject({ targets });
        expect(await store.commitRotation(await stored(), rotation)).toMatchObject({ targets });
      });
    });

    describeDisconnection(() => store);
    describeQueries(() => store);
  });
}
