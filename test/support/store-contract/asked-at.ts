import { describe, expect, test } from '@jest/globals';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import { consentOf, failure, HOUR, leaseOf, NOW } from './values.ts';

/** `askedAt` tells a later step that an earlier one has stored no outcome. */
export function describeAskedAt(opened: () => ConnectionStore): void {
  const later = { now: NOW + 180, until: NOW + 360 };
  const lease = async (owner: string, changed = {}) =>
    (await opened().lease('main', leaseOf(owner, changed))) as Connection;
  const askedAt = async () => ((await opened().get('main')) as Connection).askedAt;
  const settled = { validUntil: NOW + HOUR, dueAt: NOW };

  describe('the time of a lease of which no outcome is stored', () => {
    test('is that of the first lease, whoever takes the next', async () => {
      await opened().commitConsent(consentOf('main'), 0);
      expect(await lease('me')).toMatchObject({ askedAt: NOW });
      expect(await lease('another', later)).toMatchObject({ askedAt: NOW });
    });

    test.each<[string, (held: Connection) => Promise<unknown>]>([
      ['a step that settles', (held) => opened().settle(held, settled)],
      ['a step that fails', (held) => opened().fail(held, failure)],
      ['a lease that is released', (held) => opened().release(held)],
      [
        'a rotation that is stored',
        (held) => opened().commitRotation(held, { sealedTokens: 'again', expiresAt: NOW, rotatedAt: NOW }),
      ],
    ])('is forgotten after %s', async (_what, act) => {
      await opened().commitConsent(consentOf('main'), 0);
      await lease('me');
      await act(await lease('another', later));
      expect(await askedAt()).toBeUndefined();
    });

    test.each<[string, (held: Connection) => Promise<unknown>]>([
      ['settles', (held) => opened().settle(held, { ...settled, askedAt: NOW })],
      ['fails', (held) => opened().fail(held, { ...failure, askedAt: NOW })],
      ['is released', (held) => opened().release(held, { isUnfinished: true })],
    ])('is kept by a step that %s and leaves something to be looked for', async (_what, act) => {
      await opened().commitConsent(consentOf('main'), 0);
      await lease('me');
      await act(await lease('another', later));
      expect(await askedAt()).toBe(NOW);
      expect((await opened().get('main'))?.leaseOwner).toBeUndefined();
    });
  });
}
