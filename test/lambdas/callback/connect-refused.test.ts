import '../../support/services/output.ts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import { deriveLinkKeys } from '../../../lambdas/tokens/sealing/keyring.ts';
import {
  expectRefused,
  HOSTILE,
  NEW_LINK,
  NO_SUCH_PAGE,
  NOT_OURS,
  type Refusal,
} from '../../support/services/bad-input.ts';
import { createFunctions, type Functions } from '../../support/services/handlers.ts';
import { logLines, takeOutput } from '../../support/services/output.ts';
import { DEPLOYED_URL, type Services, startServices } from '../../support/services/services.ts';

let services: Services;
let functions: Functions;
beforeAll(async () => {
  services = await startServices();
  functions = createFunctions(services);
});
afterAll(() => services.close());

const linkFor = async (connection = 'main') =>
  (await functions.granted<{ link: string }>({ action: 'link', connection })).link;
const ticketIn = (link: string) => new URL(link).searchParams.get('ticket') ?? '';
const withTicket = (ticket: string) => `?${new URLSearchParams({ ticket })}`;

/** Returns a ticket with the right claims, without what a forger cannot know. */
function forged(
  header: { alg: string; kid?: string },
  signing: Uint8Array,
  audience = 'connect',
): Promise<string> {
  return new SignJWT()
    .setProtectedHeader(header)
    .setAudience(audience)
    .setJti('a-jti')
    .setExpirationTime(services.clock.now() + 600)
    .sign(signing);
}

/** Each prepares the state and returns the query after `/connect`. */
type Rows = [input: string, prepare: () => Promise<string>, refusal: Refusal][];

const NEEDED: Refusal = {
  status: 400,
  title: 'You need a link',
  paragraphs: ['You need a personal link to connect Zoom.', 'Ask your administrator to send you one.'],
};

const badTickets: Rows = [
  ['no query', async () => '', NEEDED],
  ['an empty ticket', async () => '?ticket=', NEEDED],
  ['another parameter', async () => '?connection=main', NEEDED],
  ['a word instead of a ticket', async () => withTicket('hello'), NOT_OURS],
  ['HTML instead of a ticket', async () => withTicket(HOSTILE), NOT_OURS],
  ['a long word instead of a ticket', async () => withTicket('a.'.repeat(4000)), NOT_OURS],
  [
    'a truncated ticket',
    async () => {
      const ticket = ticketIn(await linkFor());
      return withTicket(ticket.slice(0, -6));
    },
    NOT_OURS,
  ],
  [
    'a ticket with the id of another link',
    async () => {
      const [header, payload = '', signature] = ticketIn(await linkFor()).split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const altered = Buffer.from(JSON.stringify({ ...claims, jti: 'other' })).toString('base64url');
      return withTicket([header, altered, signature].join('.'));
    },
    NOT_OURS,
  ],
  [
    'two tickets',
    async () => {
      const tickets = [ticketIn(await linkFor()), ticketIn(await linkFor())];
      return `?ticket=${tickets.join('&ticket=')}`;
    },
    NOT_OURS,
  ],
  [
    'a ticket without a signature',
    async () => {
      const ticket = new UnsecuredJWT().setAudience('connect');
      const text = ticket
        .setJti('a-jti')
        .setExpirationTime(services.clock.now() + 600)
        .encode();
      return withTicket(text);
    },
    NOT_OURS,
  ],
  [
    "a ticket signed with another key under our key's id",
    async () => {
      const ticket = await forged(
        { alg: 'HS256', kid: deriveLinkKeys(services.linkKey).id },
        new Uint8Array(32),
      );
      return withTicket(ticket);
    },
    NOT_OURS,
  ],
  [
    'a ticket with a made-up key id',
    async () => {
      const ticket = await forged({ alg: 'HS256', kid: 'made-up' }, deriveLinkKeys(services.linkKey).signing);
      return withTicket(ticket);
    },
    NOT_OURS,
  ],
  [
    'a ticket signed with the key that seals cookies',
    async () => {
      const { id, cookie } = deriveLinkKeys(services.linkKey);
      const ticket = await forged({ alg: 'HS256', kid: id }, cookie);
      return withTicket(ticket);
    },
    NOT_OURS,
  ],
  [
    'a ticket of a stored link that the installation signed for more than 30 days',
    async () => {
      const { id, signing } = deriveLinkKeys(services.linkKey);
      const link = await functions.granted<{ id: string }>({ action: 'link', connection: 'main' });
      const days = services.clock.now() + 31 * 24 * 60 * 60;
      const ticket = new SignJWT().setProtectedHeader({ alg: 'HS256', kid: id }).setAudience('connect');
      return withTicket(await ticket.setJti(link.id).setExpirationTime(days).sign(signing));
    },
    NOT_OURS,
  ],
  [
    'a ticket that the installation signed, of a link that is not stored',
    async () => {
      const { id, signing } = deriveLinkKeys(services.linkKey);
      return withTicket(await forged({ alg: 'HS256', kid: id }, signing));
    },
    NOT_OURS,
  ],
  [
    'another token that the installation signed',
    async () => {
      const { id, signing } = deriveLinkKeys(services.linkKey);
      const ticket = await forged({ alg: 'HS256', kid: id }, signing, 'else');
      return withTicket(ticket);
    },
    NOT_OURS,
  ],
  [
    'a ticket with another algorithm',
    async () => {
      const { id, signing } = deriveLinkKeys(services.linkKey);
      const ticket = await forged({ alg: 'HS512', kid: id }, Buffer.concat([signing, signing]));
      return withTicket(ticket);
    },
    NOT_OURS,
  ],
  [
    'the cookie of a consent',
    async () => {
      const { cookies } = await functions.begin('main');
      return withTicket((cookies[0] ?? '').split('=')[1] ?? '');
    },
    NOT_OURS,
  ],
  [
    'a ticket half an hour old',
    async () => {
      const link = await linkFor();
      services.clock.advance(1800);
      return new URL(link).search;
    },
    {
      status: 410,
      title: 'This link has expired',
      paragraphs: ['This link was not used in time.', NEW_LINK],
    },
  ],
];

describe.each(['GET', 'POST'])('%s /connect', (method) => {
  test.each(badTickets)('refuses %s', async (_input, prepare, refusal) => {
    const url = `${DEPLOYED_URL}/connect${await prepare()}`;
    await expectRefused(services, () => functions.visit(url, { method }), refusal);
  });
});

test('POST /connect refuses a link that was already used', async () => {
  const { link } = await functions.begin('main');
  await expectRefused(services, () => functions.visit(link, { method: 'POST' }), {
    status: 410,
    title: 'This link was already used',
    paragraphs: [
      'A link works once. A sign-in with this one has begun.',
      'Ask the person who sent it for a new one.',
    ],
  });
});

describe('a wrong address or method gets the page for 404', () => {
  test.each(['/', '/index.html', '/connect/more', '/CONNECT'])('GET %s', async (path) => {
    await expectRefused(services, () => functions.visit(`${DEPLOYED_URL}${path}`), NO_SUCH_PAGE);
  });

  test('is logged as no error, and without the address', async () => {
    takeOutput();
    await functions.visit(`${DEPLOYED_URL}/conect?ticket=0123456789abcdef0123`);
    const lines = logLines(takeOutput());
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['INFO', 'there is no page at this address'],
    ]);
  });

  test.each(['PUT', 'DELETE', 'OPTIONS'])('%s /connect with a valid link', async (method) => {
    const link = await linkFor();
    await expectRefused(services, () => functions.visit(link, { method }), NO_SUCH_PAGE);
    expect((await functions.visit(link, { method: 'POST' })).status).toBe(303);
  });
});
