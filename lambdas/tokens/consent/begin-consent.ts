import { generateRandomCodeVerifier, generateRandomState } from 'oauth4webapi';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { type LinkTicket, verifyLinkTicket } from './link-ticket.ts';
import { sealPendingConsent } from './pending-consent.ts';

/**
 * Returns what a link's ticket would connect, without using the ticket up.
 * @throws {Failure} `rejected` for a ticket that is missing, invalid or expired; `misconfigured` when the app has no
 * credentials
 */
export async function readLink(ticketText: string | undefined, deps: Dependencies): Promise<LinkTicket> {
  if (!ticketText) throw ticketMissing();
  const ticket = await verifyLinkTicket(ticketText, deps);
  // Read here, so that a ticket is not used up for an app that cannot work.
  await deps.vault.app(ticket.app, { fresh: true });
  return ticket;
}

/**
 * Uses up a link's ticket and starts the authorization request (RFC 6749, section 4.1.1, with PKCE, RFC 7636).
 * @returns the address at Zoom, and the cookie that carries the consent to the callback
 * @throws {Failure} as `readLink`, and `rejected` (`ticket_used`)
 */
export async function beginConsent(
  ticketText: string | undefined,
  deps: Dependencies,
): Promise<{ location: string; cookie: string }> {
  const ticket = await readLink(ticketText, deps);
  if (!(await deps.store.redeem(ticket.id, ticket.expiresAt))) throw ticketUsed();
  const consent = {
    connection: ticket.connection,
    app: ticket.app,
    replaceUser: ticket.replaceUser ?? false,
    state: generateRandomState(),
    codeVerifier: generateRandomCodeVerifier(),
  };
  const app = await deps.vault.app(ticket.app);
  const location = (await deps.zoom.authorizationUrl(app, consent)).href;
  return { location, cookie: await sealPendingConsent(consent, deps) };
}

function ticketMissing(): Failure {
  return new Failure(
    'rejected',
    'ticket_missing',
    'You need a personal link to connect Zoom.',
    'Ask your administrator to send you one.',
  );
}

function ticketUsed(): Failure {
  return new Failure(
    'rejected',
    'ticket_used',
    'Each link works once, and this one was already used.',
    'Ask the person who sent it for a new one.',
  );
}
