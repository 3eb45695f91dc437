import { generateRandomCodeVerifier, generateRandomState } from 'oauth4webapi';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { retryUntil } from '../rotation/retry.ts';
import type { StepOptions } from '../rotation/step.ts';
import { STORE_SECONDS } from '../time-budget.ts';
import { assertGrant } from './assert-grant.ts';
import { verifyAuthorizationResponse } from './authorization-response.ts';
import { type ConnectResult, connect, withManualRetry } from './connect.ts';
import { consentIsKept, keepConsent } from './keep-consent.ts';
import { type LinkTicket, verifyLinkTicket } from './link-ticket.ts';
import { openPendingConsent, sealPendingConsent } from './pending-consent.ts';
import { identifyZoomUser, ownerOf, revokeUnused, targetConnection, wrongZoomUser } from './zoom-user.ts';

/** A finished consent. Its Zoom user may have been connected under another name already: that connection was renewed. */
export interface FinishedConsent extends ConnectResult {
  /** The connection that the link was made for. */
  requested: string;
}

/** `GET /connect`: what the one-time ticket would connect. It is not spent. */
export async function readLink(ticketText: string | undefined, deps: Dependencies): Promise<LinkTicket> {
  if (!ticketText) {
    throw new Failure(
      'rejected',
      'ticket_missing',
      'This page opens with a one-time link only.',
      'Ask the operator for a link: zoom-tokens connect.',
    );
  }
  const ticket = await verifyLinkTicket(ticketText, deps);
  // Read first: a ticket is not spent on an app that cannot work.
  await deps.vault.app(ticket.app);
  return ticket;
}

/** `POST /connect`: spends the one-time ticket and sends the browser to Zoom. */
export async function beginConsent(
  ticketText: string | undefined,
  deps: Dependencies,
): Promise<{ location: string; cookie: string }> {
  const ticket = await readLink(ticketText, deps);
  if (!(await deps.store.redeem(ticket.id, ticket.expiresAt))) {
    throw new Failure(
      'rejected',
      'ticket_used',
      'This link has been opened before.',
      'Ask the operator for a new link; each opens once.',
    );
  }
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

/** `GET /callback`: from Zoom's answer in the browser to a stored and published token. */
export async function finishConsent(
  { parameters, cookie }: { parameters: URLSearchParams; cookie: string | undefined },
  deps: Dependencies,
  options: StepOptions,
): Promise<FinishedConsent> {
  if (!cookie) {
    throw new Failure(
      'rejected',
      'cookie_missing',
      'This browser did not start the consent, or it refuses cookies.',
      'Ask for a new link, and open it in the browser in which you consent at Zoom, with cookies allowed.',
    );
  }
  const pending = await openPendingConsent(cookie, deps);
  const code = verifyAuthorizationResponse(parameters, pending.state, deps);
  // The link was made ten minutes ago, perhaps before the connection was.
  const existing = await assertGrant(pending.connection, 'authorization_code', deps);
  const app = await deps.vault.app(pending.app);
  const tokens = await deps.zoom
    .exchangeCode(app, code, pending.codeVerifier)
    .catch(withManualRetry('Reload this page in a minute; if that does not help, ask for a new link.'));
  const consentedAt = deps.now();
  const isBound = !pending.replaceUser && ownerOf(existing) !== undefined;
  const asking = { isBound, deadline: options.deadline - (deps.rescue ? STORE_SECONDS : 0) };
  const { user, isAnswered } = await identifyZoomUser(tokens.accessToken, asking, deps);
  const place = await retryUntil(options.deadline, () => targetConnection(user, pending, deps), deps);
  if (place === undefined) {
    if (existing && !isAnswered) {
      const consent = { item: existing, app: pending.app, clientId: app.clientId, tokens, consentedAt };
      if (await keepConsent(consent, deps, options.deadline)) throw consentIsKept(pending.connection);
    }
    if (user) await revokeUnused([tokens.accessToken, tokens.refreshToken], app, deps, options.deadline);
    throw wrongZoomUser(pending.connection, user);
  }
  const seen = existing?.generation ?? 0;
  const connected = await connect(
    {
      connection: place,
      app: pending.app,
      clientId: app.clientId,
      grantType: 'authorization_code',
      tokens,
      user,
      consentedAt,
      seen,
    },
    deps,
    options,
  );
  return { ...connected, requested: pending.connection };
}
