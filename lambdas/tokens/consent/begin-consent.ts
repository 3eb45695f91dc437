import { generateRandomCodeVerifier, generateRandomState } from 'oauth4webapi';
import type { CallbackDependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import type { StoredLink } from '../store/links.ts';
import { consentUntil } from './link-life.ts';
import { openConsentCookie, type PendingConsent, sealPendingConsent } from './pending-consent.ts';
import { type RepeatedConsent, resumeConsent } from './repeated-consent.ts';
import { storedLink } from './stored-link.ts';

/** A request of a link's page: the link's ticket, and the cookie of a consent that this browser began before. */
export interface LinkVisit {
  ticket: string | undefined;
  cookie: string | undefined;
}

/**
 * Returns what a link would connect, without using it up, or what this browser has made of it.
 * @throws {Failure} `rejected` for a link that is missing, invalid, expired, cancelled or used by another browser;
 * `misconfigured` when the app has no credentials
 */
export async function readLink(
  visit: LinkVisit,
  deps: CallbackDependencies,
): Promise<StoredLink | RepeatedConsent> {
  const link = await storedLink(visit.ticket, deps);
  if (link.usedAt === undefined) return link;
  const resumed = await continueConsent(link, visit.cookie, deps);
  return 'repeated' in resumed ? resumed : link;
}

/** The address at Zoom, and the cookie that carries the consent to the callback. */
interface BegunConsent {
  location: string;
  cookie: string;
  /** For how long the browser keeps the cookie. */
  seconds: number;
}

/**
 * Uses up a link and starts the authorization request (RFC 6749, section 4.1.1, with PKCE, RFC 7636). The browser that has
 * used the link goes to Zoom again, with the same request, or learns what became of the consent.
 * @throws {Failure} as `readLink`
 */
export async function beginConsent(
  visit: LinkVisit,
  deps: CallbackDependencies,
): Promise<BegunConsent | RepeatedConsent> {
  const link = await storedLink(visit.ticket, deps);
  const now = deps.now();
  const until = consentUntil(now, link.expiresAt, deps.consentSeconds);
  if (!(await deps.store.redeemLink(link.id, now, until))) {
    const resumed = await continueConsent(link, visit.cookie, deps);
    if ('repeated' in resumed) return resumed;
    const location = await locationOf(resumed, deps);
    return { location, cookie: String(visit.cookie), seconds: link.expiresAt - now };
  }
  const cookie = {
    link: link.id,
    state: generateRandomState(),
    codeVerifier: generateRandomCodeVerifier(),
  };
  const location = await locationOf({ ...link, ...cookie }, deps);
  return { location, cookie: await sealPendingConsent(cookie, until, deps), seconds: until - now };
}

/** Returns the consent of a used link, if this browser's cookie says that it used the link. */
async function continueConsent(
  { id }: StoredLink,
  cookie: string | undefined,
  deps: CallbackDependencies,
): Promise<PendingConsent | RepeatedConsent> {
  const opened = cookie === undefined ? undefined : await openConsentCookie(cookie, deps).catch(ifRejected);
  if (opened?.link !== id) throw ticketUsed();
  return resumeConsent(opened, deps);
}

/** Returns undefined for a cookie that is no consent of this browser. */
function ifRejected(error: unknown): undefined {
  if (error instanceof Failure && error.class === 'rejected') return undefined;
  throw error;
}

async function locationOf(
  consent: Pick<PendingConsent, 'app' | 'state' | 'codeVerifier'>,
  deps: CallbackDependencies,
): Promise<string> {
  return (await deps.zoom.authorizationUrl(await deps.vault.app(consent.app), consent)).href;
}

function ticketUsed(): Failure {
  return new Failure(
    'rejected',
    'ticket_used',
    'A link works once. A sign-in with this one has begun.',
    'Ask the person who sent it for a new one.',
  );
}
