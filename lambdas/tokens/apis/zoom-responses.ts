import * as v from 'valibot';
import type { Tokens } from '../connection.ts';
import { Failure } from '../errors.ts';
import { jsonObject } from '../json-object.ts';
import { type HttpResponse, parseJson, requestFailure, retryAfter, tlsProblem } from './http.ts';
import { ApiError } from './zoom-token-check.ts';

/** Zoom's access tokens live one hour; its answer says so in `expires_in`, which RFC 6749 only recommends. */
const DEFAULT_LIFETIME_SECONDS = 3600;

/** The least that makes an answer worth keeping: a new refresh token must not be lost to a missing field. */
const TokenResponse = v.object({
  access_token: v.pipe(v.string(), v.nonEmpty()),
  refresh_token: v.fallback(v.optional(v.pipe(v.string(), v.nonEmpty())), undefined),
  expires_in: v.fallback(
    v.pipe(v.unknown(), v.toNumber(), v.gtValue(0), v.finite()),
    DEFAULT_LIFETIME_SECONDS,
  ),
  scope: v.fallback(v.optional(v.string()), undefined),
  api_url: v.fallback(v.optional(v.string()), undefined),
});

/** Zoom's own error body, RFC 6749's `error` beside Zoom's `reason`. */
const ErrorResponse = v.pipe(
  jsonObject,
  v.object({ error: v.optional(v.string()), reason: v.optional(v.string()) }),
);

export interface ZoomUser {
  id: string;
  accountId?: string;
  name?: string;
}

const UserResponse = v.object({
  id: v.string(),
  account_id: v.optional(v.string()),
  display_name: v.optional(v.string()),
});

/**
 * Reads an answer of Zoom's token endpoint.
 * @param sentAt when the request was sent, epoch seconds
 * @throws {Failure} classed after what Zoom says, never after the status alone
 */
export async function parseTokenResponse(response: HttpResponse, sentAt: number): Promise<Tokens> {
  const text = await response.text().catch((error) => sendFailure(error));
  const body = parseJson(text);
  if (response.ok) {
    const answer = v.safeParse(TokenResponse, body);
    if (!answer.success) throw unreadable(response);
    const { access_token, refresh_token, expires_in, scope, api_url } = answer.output;
    return {
      accessToken: access_token,
      expiresAt: sentAt + Math.floor(expires_in),
      ...(refresh_token !== undefined && { refreshToken: refresh_token }),
      ...(scope !== undefined && { scope }),
      ...(api_url !== undefined && { apiUrl: api_url }),
    };
  }
  throw failureOf(response, body);
}

/** Zoom answers `{"status":"success"}`, where RFC 7009 has no body. */
const RevocationResponse = v.object({ status: v.literal('success') });

/**
 * Reads an answer of Zoom's revocation endpoint.
 * @throws {Failure} where Zoom does not confirm that the token is dead
 */
export async function parseRevocationResponse(response: HttpResponse): Promise<void> {
  const body = parseJson(await response.text().catch((error) => sendFailure(error)));
  if (response.ok && v.safeParse(RevocationResponse, body).success) return;
  const failure = response.ok ? unreadable(response) : failureOf(response, body);
  // A token that Zoom does not know opens nothing any more: RFC 7009 section 2.2 makes that a success.
  if (failure.class !== 'reconnect') throw failure;
}

function failureOf(response: HttpResponse, body: unknown): Failure {
  if (response.status === 429) {
    return new Failure(
      'retry',
      'rate_limited',
      'Zoom asks us to slow down (429).',
      WAIT,
      retryAfter(response),
    );
  }
  const refusal = v.safeParse(ErrorResponse, body);
  if (response.status >= 500 || !refusal.success) return unreadable(response);
  return classify(refusal.output, response.status);
}

/**
 * Who the token belongs to. A refusal means "not told": it depends on the scopes of the operator's app.
 * @throws {Failure} `retry` when the answer is none of the API's, or says that it is not able to
 */
export async function parseUserResponse(response: HttpResponse): Promise<ZoomUser | undefined> {
  const body = parseJson(await response.text());
  const isUnable = response.status >= 500 || response.status === 429;
  // What stands in front of the API refuses in HTML, and that says nothing of the scopes.
  if (!response.ok && !isUnable && v.safeParse(ApiError, body).success) return undefined;
  const answer = v.safeParse(UserResponse, response.ok ? body : undefined);
  if (!answer.success) {
    throw new Failure(
      'retry',
      'user_unanswered',
      `Zoom's API did not say who has consented (${response.status}).`,
      WAIT,
    );
  }
  const { id, account_id, display_name } = answer.output;
  return {
    id,
    ...(account_id !== undefined && { accountId: account_id }),
    ...(display_name !== undefined && { name: display_name }),
  };
}

/**
 * Throws the `Failure` of a request that failed. Whether Zoom has read the request decides if a refresh token may be
 * spent.
 * @param origin of the request
 */
export function sendFailure(error: unknown, origin = 'https://zoom.us'): never {
  const { kind, code } = requestFailure(error);
  if (kind === 'tls') {
    throw new Failure(
      'misconfigured',
      'tls_untrusted',
      `Zoom was not asked: ${tlsProblem(code, new URL(origin).host)}.`,
      'If a proxy opens TLS, give the function its CA in NODE_EXTRA_CA_CERTS; otherwise repair the certificate chain of that host.',
    );
  }
  if (kind === 'unreachable') {
    throw new Failure('retry', 'zoom_unreachable', `Zoom cannot be reached (${code}).`, WAIT);
  }
  throw new Failure(
    'retry',
    'no_answer',
    kind === 'too_large'
      ? `Zoom's response was larger than 1 MB and was cut off (${code}).`
      : `Zoom's response did not arrive (${code}).`,
    'The next attempt decides whether Zoom had acted on the request; a human is asked only if it had.',
  );
}

const WAIT = 'Nothing to do: the next sweeps try again, and the present token stays until it ends.';

/** Zoom's texts, from its documentation and as developers have met them. */
function classify({ error = '', reason = '' }: v.InferOutput<typeof ErrorResponse>, status: number): Failure {
  if (/authorization code|redirect/i.test(reason)) return codeRefused();
  if (/invalid token/i.test(reason) || error === 'invalid_grant') {
    return new Failure(
      'reconnect',
      'invalid_token',
      'Zoom no longer accepts the refresh token.',
      'A human must consent at Zoom again: zoom-tokens connect.',
    );
  }
  if (error === 'invalid_client' || /client_id|client_secret/i.test(reason)) {
    return new Failure(
      'misconfigured',
      'invalid_client',
      'Zoom does not accept the client id and client secret of the app.',
      'Copy both from the Zoom App Marketplace into the app secret; it heals by itself then.',
    );
  }
  if (/account/i.test(reason)) {
    return new Failure(
      'misconfigured',
      'invalid_account',
      'Zoom does not know the account id of the Server-to-Server app.',
      'Copy the account id from the Zoom App Marketplace into the app secret.',
    );
  }
  if (error === 'unsupported_grant_type' || /grant type/i.test(reason)) {
    return new Failure(
      'misconfigured',
      'unsupported_grant',
      'The Zoom app does not allow this grant.',
      'Use a Server-to-Server OAuth app for account_credentials, a General app for authorization_code.',
    );
  }
  return new Failure(
    'retry',
    'zoom_refused',
    `Zoom refused the request (${status}) without a known reason.`,
    WAIT,
  );
}

/** An authorization code lives five minutes and is single-use. */
export function codeRefused(): Failure {
  return new Failure(
    'rejected',
    'code_refused',
    'Zoom refused the authorization code: it was used before or is too old, or the redirect URL is not the app’s.',
    'Ask for a new link. If that fails too, compare the redirect URL of the Zoom app with the callback URL.',
  );
}

/** No JSON, not Zoom's JSON, or a server error: something in front of Zoom has answered. */
function unreadable(response: HttpResponse): Failure {
  return new Failure(
    'retry',
    'zoom_unavailable',
    `Zoom is not well: it answered ${response.status} without a readable body.`,
    WAIT,
    retryAfter(response),
  );
}
