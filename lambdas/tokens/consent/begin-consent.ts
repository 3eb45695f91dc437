import { generateRandomCodeVerifier, generateRandomState } from 'oauth4webapi';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { type LinkTicket, verifyLinkTicket } from './link-ticket.ts';
import { openConsentCookie, type PendingConsent, sealPendingConsent } from './pending-consent.ts';
import { type RepeatedConsent, resumeConsent } from './repeated-consent.ts';

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

/** The request that begins a consent: the link's ticket, and the cookie of a consent that this browser began before. */
interface ConnectRequest {
  ticket: string | undefined;
  cookie: string | undefined;
}

/** The address at Zoom, and the cookie that carries the consent to the callback. */
interface BegunConsent {
  location: string;
  cookie: string;
}

/**
 * Uses up a link's ticket and starts the authorization request (RFC 6749, section 4.1.1, with PKCE, RFC 7636). The browser
 * that has used the link goes to Zoom again, with the same request, or learns what became of the consent.
 * @throws {Failure} as `readLink`, and `rejected` (`ticket_used`)
 */
export async function beginConsent(
  request: ConnectRequest,
  deps: Dependencies,
): Promise<BegunConsent | RepeatedConsent> {
  const ticket = await readLink(request.ticket, deps);
  if (!(await deps.store.redeem(ticket.id, ticket.expiresAt))) {
    return continueConsent(ticket, request.cookie, deps);
  }
  const consent = {
    link: ticket.id,
    connection: ticket.connection,
    app: ticket.app,
    replaceUser: ticket.replaceUser ?? false,
    state: generateRandomState(),
    codeVerifier: generateRandomCodeVerifier(),
  };
  return { location: await locationOf(consent, deps), cookie: await sealPendingConsent(consent, deps) };
}

/** Continues the consent of a used link, if this browser's cookie says that it used the link. */
async function continueConsent(
  { id }: LinkTicket,
  cookie: string | undefined,
  deps: Dependencies,
): Promise<BegunConsent | RepeatedConsent> {
  const consent = cookie === undefined ? undefined : await openConsentCookie(cookie, deps).catch(ifRejected);
  if (cookie === undefined || consent?.link !== id) throw ticketUsed();
  const resumed = await resumeConsent(consent, deps);
  return 'repeated' in resumed ? resumed : { location: await locationOf(resumed, deps), cookie };
}

/** Returns undefined for a cookie that is no consent of this browser. */
function ifRejected(error: unknown): undefined {
  if (error instanceof Failure && error.class === 'rejected') return undefined;
  throw error;
}

async function locationOf(consent: PendingConsent, deps: Dependencies): Promise<string> {
  return (await deps.zoom.authorizationUrl(await deps.vault.app(consent.app), consent)).href;
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
