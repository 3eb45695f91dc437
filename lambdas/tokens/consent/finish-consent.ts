import type { ZoomUser } from '../apis/zoom-responses.ts';
import type { Connection, Tokens } from '../connection.ts';
import type { CallbackDependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { publishHeld } from '../rotation/publish-held.ts';
import { retryUntil } from '../rotation/retry.ts';
import { STORE_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';
import { assertGrant } from './assert-grant.ts';
import { assertState, declined, isDeclined, readAuthorizationCode } from './authorization-response.ts';
import { type ConnectResult, connect, withManualRetry } from './connect.ts';
import { type ConsentAttempt, startConsentAttempt } from './consent-attempt.ts';
import { consentIsKept, keepConsent } from './keep-consent.ts';
import { noRefreshToken } from './no-refresh-token.ts';
import { openConsentCookie, type PendingConsent, sealFinishedConsent } from './pending-consent.ts';
import { type RepeatedConsent, resumeConsent } from './repeated-consent.ts';
import { identifyZoomUser, ownerOf, revokeUnused, targetConnection, wrongZoomUser } from './zoom-user.ts';

/** No connection has this generation: the consent must be newer than what the connection holds. */
const NEVER_SEEN = -1;

/** The callback's request: Zoom's authorization response, and the cookie of the consent. */
export interface CallbackRequest {
  parameters: URLSearchParams;
  cookie: string | undefined;
}

/** A finished consent. If its Zoom user was connected under another name, it has renewed that connection. */
export interface FinishedConsent extends ConnectResult {
  /** The connection for which the link was made. */
  requested: string;
  /** Whether the link's maker consents. */
  forMe: boolean;
  /** Replaces the cookie of the pending consent. */
  finishedCookie: string;
}

/**
 * Exchanges Zoom's authorization response for tokens, stores them and publishes the access token. The code is sent to Zoom
 * once, however often the browser repeats the request.
 * @throws {Failure} `rejected` when the browser, the response or the Zoom user does not fit; `retry` or `misconfigured`
 * when Zoom or the installation fails; a `ConsentOver` when only a new link helps
 */
export async function finishConsent(
  { parameters, cookie }: CallbackRequest,
  deps: CallbackDependencies,
  options: { deadline: number },
): Promise<FinishedConsent | RepeatedConsent> {
  if (!cookie) throw isDeclined(parameters) ? declined() : cookieMissing();
  const opened = await openConsentCookie(cookie, deps);
  assertState(parameters, opened.state);
  const pending = await resumeConsent(opened, deps);
  if ('repeated' in pending) return pending;
  const attempt = startConsentAttempt(pending, deps, options.deadline);
  try {
    const grant = await requestGrant({ pending, parameters, attempt }, deps, options.deadline);
    if (!grant) return await outcomeOfOther(pending, deps);
    const publish = (item: Connection) => publishHeld(item, grant.tokens, deps);
    const connected = await connect(grant, publish, deps, options.deadline);
    await attempt.connected(grant.connection);
    const finishedCookie = await sealFinishedConsent(pending, grant.connection, deps);
    return { ...connected, requested: pending.connection, forMe: pending.forMe, finishedCookie };
  } catch (error) {
    throw await attempt.failed(error);
  }
}

/** Returns what the callback that was faster makes of the consent. If it has just given the claim back, a reload claims it. */
async function outcomeOfOther(pending: PendingConsent, deps: CallbackDependencies): Promise<RepeatedConsent> {
  const resumed = await resumeConsent(pending, deps);
  return 'repeated' in resumed ? resumed : { repeated: 'in_progress' };
}

interface GrantRequest {
  pending: PendingConsent;
  parameters: URLSearchParams;
  attempt: ConsentAttempt;
}

/** Returns the new grant and its connection; `undefined` when another callback has sent the code. */
async function requestGrant(
  { pending, parameters, attempt }: GrantRequest,
  deps: CallbackDependencies,
  deadline: number,
) {
  const code = readAuthorizationCode(parameters, pending.state, deps);
  // Checked again: a connection may have been made since the link was.
  const existing = await assertGrant(pending.connection, 'authorization_code', deps);
  const app = await deps.vault.app(pending.app, { fresh: true });
  // Whatever could fail after Zoom's response is fetched before.
  await deps.sealingKey();
  if (!(await attempt.claim())) return undefined;
  const tokens = await deps.zoom
    .exchangeCode(app, code, pending.codeVerifier)
    .catch((error) => releaseIfUnused(error, attempt));
  if (tokens.refreshToken === undefined) {
    const refused = { app: pending.app, credentials: app };
    throw await noRefreshToken(tokens.accessToken, refused, deps, deadline);
  }
  const consentedAt = deps.now();
  const isBound = !pending.replaceUser && ownerOf(existing) !== undefined;
  const asking = { isBound, deadline: deadline - (deps.rescue ? STORE_SECONDS : 0) };
  const { user, isAnswered } = await identifyZoomUser(tokens.accessToken, asking, deps);
  const identified = { pending, existing, app, tokens, consentedAt, user, isAnswered };
  const connection = await chooseConnection(identified, deps, deadline);
  // The generation that was seen is that of the requested connection: it fences no other.
  const seen = connection === pending.connection ? (existing?.generation ?? 0) : NEVER_SEEN;
  return {
    connection,
    app: pending.app,
    clientId: app.clientId,
    grantType: 'authorization_code' as const,
    tokens,
    user,
    consentedAt,
    consentId: pending.link,
    ...(pending.place && { place: pending.place }),
    seen,
  };
}

/** After a failure of the class `retry` Zoom has not used the code, so a reload may send it. */
async function releaseIfUnused(error: unknown, attempt: ConsentAttempt): Promise<never> {
  if (error instanceof Failure && error.class === 'retry') await attempt.release();
  return withManualRetry('Reload this page in a minute. If that does not help, ask for a new link.')(error);
}

/** New tokens, whose Zoom user is known if Zoom identified one. */
interface IdentifiedTokens {
  pending: PendingConsent;
  /** The requested connection, as it was before Zoom was asked. */
  existing: Connection | undefined;
  app: ZoomApp;
  tokens: Tokens;
  consentedAt: number;
  user: ZoomUser | undefined;
  /** Whether Zoom responded to who the user is. */
  isAnswered: boolean;
}

/**
 * Returns the name of the connection that gets the tokens.
 * @throws {Failure} `rejected` (`other_user`, `user_not_told`) when no connection may get them; `retry` (`user_pending`) when
 * they are kept until Zoom says whose they are
 */
async function chooseConnection(
  { pending, existing, app, tokens, consentedAt, user, isAnswered }: IdentifiedTokens,
  deps: CallbackDependencies,
  deadline: number,
): Promise<Connection['connection']> {
  const target = await retryUntil(deadline, () => targetConnection(user, pending, deps), deps);
  if (target !== undefined) return target;
  if (existing && !isAnswered) {
    const consent = { item: existing, app: pending.app, clientId: app.clientId, tokens, consentedAt };
    const { place } = pending;
    if (await keepConsent({ ...consent, ...(place && { place }) }, deps, deadline))
      throw consentIsKept(pending.connection);
  }
  if (user) await revokeUnused([tokens.accessToken, tokens.refreshToken], app, deps, deadline);
  throw wrongZoomUser(pending.connection, user);
}

function cookieMissing(): Failure {
  return new Failure(
    'rejected',
    'cookie_missing',
    'This browser did not start the sign-in, has ended it already, or blocks cookies.',
    'Ask the person who sent you the link for a new one. Open it in the browser in which you sign in to Zoom, with cookies allowed.',
  );
}
