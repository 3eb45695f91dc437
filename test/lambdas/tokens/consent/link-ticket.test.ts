import { describe, expect, test } from '@jest/globals';
import { signLinkTicket, verifyLinkTicket } from '../../../../lambdas/tokens/consent/link-ticket.ts';
import { openConsentCookie, sealPendingConsent } from '../../../../lambdas/tokens/consent/pending-consent.ts';
import { createKeyring } from '../../../../lambdas/tokens/sealing/keyring.ts';

const NOON = 1_900_000_000;
const keyring = createKeyring({ key: async () => 'a key' }, () => NOON);
const stranger = createKeyring({ key: async () => 'another key' }, () => NOON);
const at = (now: number, ring = keyring) => ({ keyring: ring, now: () => now, linkSeconds: 600 });
const consent = {
  link: 'link',
  connection: 'main',
  app: 'default',
  state: 'state',
  codeVerifier: 'verifier',
};

describe('the ticket of a link', () => {
  test('contains its connection, its app and an id of its own, and expires after ten minutes', async () => {
    const { ticket, expiresAt } = await signLinkTicket({ connection: 'main', app: 'default' }, at(NOON));
    expect(expiresAt).toBe(NOON + 600);
    const read = await verifyLinkTicket(ticket, at(NOON + 599));
    expect(read).toEqual({
      id: expect.any(String),
      connection: 'main',
      app: 'default',
      replaceUser: false,
      expiresAt,
    });
    const other = await signLinkTicket({ connection: 'main', app: 'default' }, at(NOON));
    expect((await verifyLinkTicket(other.ticket, at(NOON))).id).not.toBe(read.id);
  });

  test('says whether a different Zoom user may consent', async () => {
    const { ticket } = await signLinkTicket(
      { connection: 'main', app: 'default', replaceUser: true },
      at(NOON),
    );
    expect(await verifyLinkTicket(ticket, at(NOON))).toMatchObject({ replaceUser: true });
  });

  test('is rejected after ten minutes', async () => {
    const { ticket } = await signLinkTicket({ connection: 'main', app: 'default' }, at(NOON));
    await expect(verifyLinkTicket(ticket, at(NOON + 600))).rejects.toMatchObject({
      class: 'rejected',
      code: 'ticket_expired',
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of another installation', async () => (await signLinkTicket(consent, at(NOON, stranger))).ticket],
    ['that is a plain word', () => 'hello'],
    [
      'without a signature',
      () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`,
    ],
    ['that was truncated', async () => (await signLinkTicket(consent, at(NOON))).ticket.slice(0, -3)],
    ['that is the cookie of a consent', () => sealPendingConsent(consent, at(NOON))],
  ])('%s is rejected', async (_, make) => {
    await expect(verifyLinkTicket(await make(), at(NOON))).rejects.toMatchObject({
      class: 'rejected',
      code: 'ticket_invalid',
    });
  });
});

describe('the cookie of a consent in progress', () => {
  test('is decrypted to the same consent', async () => {
    for (const replaceUser of [false, true]) {
      const pending = { ...consent, replaceUser };
      expect(await openConsentCookie(await sealPendingConsent(pending, at(NOON)), at(NOON + 599))).toEqual(
        pending,
      );
    }
  });

  test('is rejected after ten minutes', async () => {
    const cookie = await sealPendingConsent(consent, at(NOON));
    await expect(openConsentCookie(cookie, at(NOON + 600))).rejects.toMatchObject({
      code: 'consent_expired',
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of another installation', () => sealPendingConsent(consent, at(NOON, stranger))],
    ['that was altered', async () => (await sealPendingConsent(consent, at(NOON))).replace(/.{4}$/, 'AAAA')],
    ['that is a ticket', async () => (await signLinkTicket(consent, at(NOON))).ticket],
  ])('%s is rejected', async (_, make) => {
    await expect(openConsentCookie(await make(), at(NOON))).rejects.toMatchObject({
      class: 'rejected',
      code: 'consent_unknown',
    });
  });

  test('does not reveal the code verifier to the browser', async () => {
    const cookie = await sealPendingConsent(consent, at(NOON));
    expect(Buffer.from(cookie, 'base64url').toString()).not.toContain('verifier');
  });
});
