import { describe, expect, test } from '@jest/globals';
import {
  openConsent,
  sealConsent,
  signTicket,
  verifyTicket,
} from '../../../../lambdas/tokens/consent/link-ticket.ts';
import { createKeyring } from '../../../../lambdas/tokens/sealing/keyring.ts';

const NOON = 1_900_000_000;
const keyring = createKeyring({ key: async () => 'a key' }, () => NOON);
const stranger = createKeyring({ key: async () => 'another key' }, () => NOON);
const at = (now: number, ring = keyring) => ({ keyring: ring, now: () => now, ticketSeconds: 600 });
const consent = { connection: 'main', app: 'default', state: 'state', codeVerifier: 'verifier' };

describe('a link’s ticket', () => {
  test('names its connection and app, once, for ten minutes', async () => {
    const { ticket, expiresAt } = await signTicket({ connection: 'main', app: 'default' }, at(NOON));
    expect(expiresAt).toBe(NOON + 600);
    const read = await verifyTicket(ticket, at(NOON + 599));
    expect(read).toEqual({
      id: expect.any(String),
      connection: 'main',
      app: 'default',
      replaceUser: false,
      expiresAt,
    });
    const other = await signTicket({ connection: 'main', app: 'default' }, at(NOON));
    expect((await verifyTicket(other.ticket, at(NOON))).id).not.toBe(read.id);
  });

  test('says whether another Zoom user may come', async () => {
    const { ticket } = await signTicket({ connection: 'main', app: 'default', replaceUser: true }, at(NOON));
    expect(await verifyTicket(ticket, at(NOON))).toMatchObject({ replaceUser: true });
  });

  test('expires', async () => {
    const { ticket } = await signTicket({ connection: 'main', app: 'default' }, at(NOON));
    await expect(verifyTicket(ticket, at(NOON + 600))).rejects.toMatchObject({
      class: 'rejected',
      code: 'ticket_expired',
    });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of somebody else', async () => (await signTicket(consent, at(NOON, stranger))).ticket],
    ['that is no ticket', () => 'hello'],
    [
      'without a signature',
      () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`,
    ],
    ['cut short', async () => (await signTicket(consent, at(NOON))).ticket.slice(0, -3)],
    ['made of a consent’s cookie', () => sealConsent(consent, at(NOON))],
  ])('%s is refused', async (_, make) => {
    await expect(verifyTicket(await make(), at(NOON))).rejects.toMatchObject({
      class: 'rejected',
      code: 'ticket_invalid',
    });
  });
});

describe('a consent under way', () => {
  test('comes back as it was', async () => {
    for (const replaceUser of [false, true]) {
      const pending = { ...consent, replaceUser };
      expect(await openConsent(await sealConsent(pending, at(NOON)), at(NOON + 599))).toEqual(pending);
    }
  });

  test('expires', async () => {
    const cookie = await sealConsent(consent, at(NOON));
    await expect(openConsent(cookie, at(NOON + 600))).rejects.toMatchObject({ code: 'consent_expired' });
  });

  test.each<[string, () => Promise<string> | string]>([
    ['of somebody else', () => sealConsent(consent, at(NOON, stranger))],
    ['that was altered', async () => (await sealConsent(consent, at(NOON))).replace(/.{4}$/, 'AAAA')],
    ['made of a ticket', async () => (await signTicket(consent, at(NOON))).ticket],
  ])('%s is refused', async (_, make) => {
    await expect(openConsent(await make(), at(NOON))).rejects.toMatchObject({
      class: 'rejected',
      code: 'consent_unknown',
    });
  });

  test('shows the browser nothing of the verifier', async () => {
    const cookie = await sealConsent(consent, at(NOON));
    expect(Buffer.from(cookie, 'base64url').toString()).not.toContain('verifier');
  });
});
