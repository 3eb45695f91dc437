import { randomUUID } from 'node:crypto';
import { generateRandomCodeVerifier, generateRandomState } from 'oauth4webapi';
import type { ZoomUser } from '../apis/zoom-responses.ts';
import type { Connection, GrantType, Tokens } from '../connection.ts';
import { assertName } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { revoke } from '../disconnect/revoke.ts';
import { Failure, toFailure } from '../errors.ts';
import { retryUntil } from '../rotation/retry.ts';
import { type Outcome, type StepOptions, step } from '../rotation/step.ts';
import { seal } from '../sealing/seal.ts';
import type { Consent } from '../store.ts';
import { verifyAuthorizationResponse } from './authorization-response.ts';
import { type LinkTicket, openPendingConsent, sealPendingConsent, verifyLinkTicket } from './link-ticket.ts';
import { identifyZoomUser, ownerOf, revokeUnused, targetConnection, wrongZoomUser } from './zoom-user.ts';

/** A connection that has just been made, and how far n8n can see it. */
export interface Connected {
  item: Connection;
  user: ZoomUser | undefined;
  outcome: Outcome;
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
): Promise<Connected> {
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
  const user = await identifyZoomUser(tokens.accessToken, { isBound, deadline: options.deadline }, deps);
  const place = await retryUntil(() => targetConnection(user, pending, deps), deps, options.deadline);
  if (place === undefined) {
    if (user) await revokeUnused([tokens.accessToken, tokens.refreshToken], app, deps, options.deadline);
    throw wrongZoomUser(pending.connection, user);
  }
  const seen = existing?.generation ?? 0;
  const connected = await connect(
    { connection: place, app: pending.app, grantType: 'authorization_code', tokens, user, consentedAt, seen },
    deps,
    options,
  );
  if (place === pending.connection) return connected;
  throw new Failure(
    'rejected',
    'already_linked',
    `This Zoom user is connected as "${place}" already, and stays so; "${pending.connection}" was not connected.`,
    `Use "${place}" in n8n, or consent as another Zoom user.`,
  );
}

/** Connects a Server-to-Server app: no browser, no human. */
export async function connectServerToServer(
  { connection, app }: Pick<Connection, 'connection' | 'app'>,
  deps: Dependencies,
  options: StepOptions,
): Promise<Connected> {
  assertName('connection', connection);
  assertName('app', app);
  const existing = await assertGrant(connection, 'account_credentials', deps);
  const credentials = await deps.vault.app(app);
  if (!credentials.accountId) {
    throw new Failure(
      'misconfigured',
      'account_id_missing',
      `The secret of the app "${app}" has no account_id, which a Server-to-Server app needs.`,
      'Add it to the app secret; the Zoom App Marketplace shows it under App Credentials.',
    );
  }
  const tokens = await deps.zoom
    .accountCredentials(credentials)
    .catch(withManualRetry('Connect it again in a few minutes; nothing was changed.'));
  return connect(
    {
      connection,
      app,
      grantType: 'account_credentials',
      tokens,
      user: undefined,
      consentedAt: deps.now(),
      seen: existing?.generation ?? 0,
    },
    deps,
    options,
  );
}

/**
 * Answers the connection as it is, `undefined` where there is none.
 * @throws {Failure} `rejected` when the connection lives with another grant
 */
export async function assertGrant(
  connection: string,
  grantType: GrantType,
  { store }: Pick<Dependencies, 'store'>,
): Promise<Connection | undefined> {
  const existing = await store.get(connection);
  const isFree = !existing || existing.status === 'disconnected' || existing.grantType === grantType;
  if (isFree) return existing;
  throw new Failure(
    'rejected',
    'other_grant',
    `"${connection}" is connected with the grant ${existing.grantType}.`,
    'Choose another name.',
  );
}

async function connect(
  fresh: Pick<Connection, 'connection' | 'app' | 'grantType' | 'consentedAt'> & {
    /** The generation before Zoom was asked. */
    seen: number;
    tokens: Tokens;
    user: ZoomUser | undefined;
  },
  deps: Dependencies,
  options: StepOptions,
): Promise<Connected> {
  const { connection, grantType, app, tokens, user, consentedAt, seen } = fresh;
  const consentId = randomUUID();
  const prepare = async (): Promise<Consent> => {
    const previous = await deps.store.get(connection);
    return {
      connection,
      app,
      grantType,
      sealedTokens: await seal(tokens, connection, await deps.keyring()),
      expiresAt: tokens.expiresAt,
      consentedAt,
      consentId,
      // Several Server-to-Server tokens live side by side; of a user's tokens it is not known until measured.
      overlap: grantType === 'account_credentials' ? 'yes' : overlapBefore(previous),
      ...(user && { zoomUserId: user.id }),
      ...(user?.accountId && { zoomAccountId: user.accountId }),
    };
  };
  // Prepared once: a repetition of the commit must be known as one.
  let consent: Consent | undefined;
  const store = async () => {
    consent ??= await prepare();
    return deps.store.commitConsent(consent, seen);
  };
  const item = await retryUntil(store, deps, options.deadline);
  const { generation, version } = item;
  if (item.status === 'disconnected') {
    // Nobody keeps these tokens. Where Zoom cannot be told, they end unused.
    await revoke(tokens, app, deps).catch(() => {});
    throw new Failure(
      'rejected',
      'disconnected',
      `"${connection}" was disconnected while you consented; it stays disconnected.`,
      'Ask for a new link if it is to be connected.',
    );
  }
  if (item.consentId !== consentId) {
    throw new Failure(
      'rejected',
      'overtaken',
      `"${connection}" was connected by a newer consent meanwhile; its tokens stay.`,
      'Nothing to do. To consent as somebody else, ask for a new link.',
    );
  }
  deps.log.info('connected', { connection, app, generation, version });
  // The tokens are stored: what keeps them from being published now is a later sweep's to mend.
  const outcome = await step(connection, deps, { ...options, early: false }).catch((error): Outcome => {
    deps.log.warn(toFailure(error).message, { connection, app, generation, version });
    return { kind: 'failed', item, error, rotated: false, phase: 'publication' };
  });
  return { item, user, outcome };
}

function overlapBefore(previous: Connection | undefined): Connection['overlap'] {
  return previous?.grantType === 'authorization_code' ? previous.overlap : 'unknown';
}

/** No sweep tries a first token again; a person does. */
function withManualRetry(action: string) {
  return (error: unknown): never => {
    if (!(error instanceof Failure) || error.class !== 'retry') throw error;
    throw new Failure('retry', error.code, error.message, action, error.retryAfter);
  };
}
