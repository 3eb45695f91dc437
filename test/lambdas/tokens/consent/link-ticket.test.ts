import { describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { signLinkTicket, verifyLinkTicket } from '../../../../lambdas/tokens/consent/link-ticket.ts';
import { openConsentCookie, sealPendingConsent } from '../../../../lambdas/tokens/consent/pending-consent.ts';
import { createKeyring } from '../../../../lambdas/tokens/sealing/keyring.ts';

const NOON = 1_900_000_000;
const DAYS = 24 * 60 * 60;
const keyring = createKeyring({ linkKey: async () => 'a key' }, () => NOON);
const stranger = createKeyring({ linkKey: async () => 'another key' }, () => NOON);
const at = (now: number, ring = keyring) => ({ keyring: ring, now: () => now });
const consent = { link: 'link', state: 'state', codeVerifier: 'verifier' };
const link = { id: 'link', expiresAt: NOON + 600 };
const ticketOf = async (signed = link, ring = keyring) =>
  (await signLinkTicket(signed, at(NOON, ring))).ticket;

/** A token with the key of tickets, which is no ticket. */
const signed = async ({ audience = 'connect', alg = 'HS256' }) => {
  const { id, signing } = await keyring();
  return new SignJWT()
    .setProtectedHeader({ alg, kid: id })
    .setAudience(audience)
    .setJti('link')
    .setExpirationTime(NOON + 600)
    .sign(signing);
};

describe('the ticket of a link', () => {
  test('contains the id of its link and its expiry, and nothing else', async () => {
    const ticket = await ticketOf();
    expect(await verifyLinkTicket(ticket, at(NOON + 599))).toEqual(link);
    const claims = JSON.parse(Buffer.from(String(ticket.split('.')[1]), 'base64url').toString());
    expect(claims).toEqual({ aud: 'connect', jti: 'link', exp: NOON + 600 });
  });

  test('is signed by the key whose id is returned', async () => {
    expect((await signLinkTicket(link, at(NOON))).keyId).toBe((await keyring()).id);
  });

  test('is signed with the present key, even where another one was read a moment ago', async () => {
    let key = 'a key';
    const ring = createKeyring({ linkKey: async () => key }, () => NOON);
    const before = await ring();
    key = 'the next key';
    expect((await signLinkTicket(link, at(NOON, ring))).keyId).not.toBe(before.id);
  });

  test('is rejected once it has expired', async () => {
    await expect(verifyLinkTicket(await ticketOf(), at(NOON + 600))).rejects.toMatchObject({
      class: 'rejected',
      code: 'ticket_expired',
    });
  });

  test('is accepted for 30 days by clocks that differ by a minute, and rejected when it is valid for longer', async () => {
    const month = { id: 'link', expiresAt: NOON + 30 * DAYS };
    expect(await verifyLinkTicket(await ticketOf(month), at(NOON - 60))).toEqual(month);
    const longer = { id: 'link', expiresAt: NOON + 30 * DAYS + 61 };
    await expect(verifyLinkTicket(await ticketOf(longer), at(NOON))).rejects.toMatchObject({
      code: 'ticket_invalid',
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of another installation', () => ticketOf(link, stranger)],
    ['that is a plain word', () => 'hello'],
    [
      'without a signature',
      () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`,
    ],
    ['that was truncated', async () => (await ticketOf()).slice(0, -3)],
    ['that was made for something else', () => signed({ audience: 'another' })],
    ['by another algorithm', () => signed({ alg: 'HS384' })],
    ['that is the cookie of a consent', () => sealPendingConsent(consent, NOON + 600, at(NOON))],
  ])('%s is rejected', async (_, make) => {
    await expect(verifyLinkTicket(await make(), at(NOON))).rejects.toMatchObject({
      class: 'rejected',
      code: 'ticket_invalid',
    });
  });
});

describe('the cookie of a consent in progress', () => {
  test('is decrypted to the same consent', async () => {
    const cookie = await sealPendingConsent(consent, NOON + 600, at(NOON));
    expect(await openConsentCookie(cookie, at(NOON + 599))).toEqual(consent);
  });

  test('is rejected once it has expired', async () => {
    const cookie = await sealPendingConsent(consent, NOON + 600, at(NOON));
    await expect(openConsentCookie(cookie, at(NOON + 600))).rejects.toMatchObject({
      code: 'consent_expired',
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of another installation', () => sealPendingConsent(consent, NOON + 600, at(NOON, stranger))],
    [
      'that was altered',
      async () => (await sealPendingConsent(consent, NOON + 600, at(NOON))).replace(/.{4}$/, 'AAAA'),
    ],
    ['that is a ticket', () => ticketOf()],
  ])('%s is rejected', async (_, make) => {
    await expect(openConsentCookie(await make(), at(NOON))).rejects.toMatchObject({
      class: 'rejected',
      code: 'consent_unknown',
    });
  });

  test('does not reveal the code verifier to the browser', async () => {
    const cookie = await sealPendingConsent(consent, NOON + 600, at(NOON));
    expect(Buffer.from(cookie, 'base64url').toString()).not.toContain('verifier');
  });
});
