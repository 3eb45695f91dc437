import * as v from 'valibot';
import type { Tokens } from '../connection.ts';
import { Failure, type FailureCode } from '../errors.ts';
import { type HttpResponse, parseJson, requestFailure, retryAfter, tlsProblem } from './http.ts';
import { findZoomError, isMissingScope, readErrorBody } from './zoom-error-body.ts';
import { CLASSES, REFUSED_CODE, WAIT, type ZoomError, type ZoomRequest } from './zoom-errors.ts';

/** Zoom's access tokens live one hour; its response says so in `expires_in`, which RFC 6749 only recommends. */
const DEFAULT_LIFETIME_SECONDS = 3600;
/** A lifetime outside would rotate without end, or leave n8n with a dead token. */
const BELIEVED_SECONDS = { least: 60, most: 7200 };

/** The least that makes a response worth keeping: a new refresh token must not be lost to an odd field. */
const TokenResponse = v.object({
  access_token: v.pipe(v.string(), v.nonEmpty()),
  refresh_token: v.fallback(v.optional(v.pipe(v.string(), v.nonEmpty())), undefined),
  expires_in: v.optional(v.unknown()),
  scope: v.fallback(v.optional(v.string()), undefined),
  api_url: v.fallback(v.optional(v.string()), undefined),
});

export interface ZoomUser {
  id: string;
  accountId?: string;
  name?: string;
}

const name = v.fallback(v.optional(v.pipe(v.string(), v.nonEmpty())), undefined);

/** The id alone says who consented: an odd or empty name must not hide it. */
const UserResponse = v.object({
  id: v.pipe(v.string(), v.nonEmpty()),
  account_id: name,
  display_name: name,
});

/** A request for tokens. */
export interface TokenRequest {
  grant: Exclude<ZoomRequest, 'revocation'>;
  /** When it was sent, epoch seconds. */
  sentAt: number;
  /** Logs what is odd about the response and loses nothing. */
  warn: (message: string) => void;
}

/**
 * Reads a response of Zoom's token endpoint.
 * @throws {Failure} classed by what Zoom says and by the grant, never by the status alone
 */
export async function parseTokenResponse(response: HttpResponse, request: TokenRequest): Promise<Tokens> {
  const { grant, sentAt, warn } = request;
  const text = await response.text().catch((error) => sendFailure(error, undefined, grant));
  const body = parseJson(text);
  if (!response.ok) throw failureOf(response, body, grant);
  const parsed = v.safeParse(TokenResponse, body);
  if (!parsed.success) throw withoutToken(response, body, grant);
  const { access_token, refresh_token, expires_in, scope, api_url } = parsed.output;
  return {
    accessToken: access_token,
    expiresAt: sentAt + lifetime(expires_in, warn),
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(scope !== undefined && { scope }),
    ...(api_url !== undefined && { apiUrl: api_url }),
  };
}

/** Returns the lifetime of an access token in seconds: Zoom's where it can be believed, an hour otherwise. */
function lifetime(told: unknown, warn: (message: string) => void): number {
  const seconds = typeof told === 'string' && /^\d+$/.test(told.trim()) ? Number(told) : told;
  const isBelieved =
    typeof seconds === 'number' &&
    Number.isInteger(seconds) &&
    seconds >= BELIEVED_SECONDS.least &&
    seconds <= BELIEVED_SECONDS.most;
  if (isBelieved) return seconds;
  // Not quoted where it is no number: what stands there is not known, and might be a token.
  const value = typeof seconds === 'number' ? String(seconds) : typeof told;
  warn(
    `Zoom's expires_in is no whole number of seconds from ${BELIEVED_SECONDS.least} to ${BELIEVED_SECONDS.most} (${value}). It counts as ${DEFAULT_LIFETIME_SECONDS}.`,
  );
  return DEFAULT_LIFETIME_SECONDS;
}

/** Zoom responds `{"status":"success"}`, where RFC 7009 has no body. */
const RevocationResponse = v.object({ status: v.literal('success') });

/**
 * Reads a response of Zoom's revocation endpoint.
 * @throws {Failure} where Zoom does not confirm that the token is dead
 */
export async function parseRevocationResponse(response: HttpResponse): Promise<void> {
  const body = parseJson(await response.text().catch((error) => sendFailure(error)));
  if (response.ok && v.safeParse(RevocationResponse, body).success) return;
  const failure = response.ok ? unreadable(response, 'revocation') : failureOf(response, body, 'revocation');
  // A token that Zoom does not know opens nothing any more: RFC 7009 section 2.2 makes that a success.
  if (failure.class !== 'reconnect') throw failure;
}

/** Returns the failure for a 200 without a token. Zoom documents no status of its errors, so a 200 may hold one. */
function withoutToken(response: HttpResponse, body: unknown, request: TokenRequest['grant']): Failure {
  const error = readErrorBody(body);
  const isKnown = error !== undefined && findZoomError(error) !== undefined;
  return isKnown ? failureOf(response, body, request) : unreadable(response, request);
}

function failureOf(response: HttpResponse, body: unknown, request: ZoomRequest): Failure {
  const { status } = response;
  if (status === 429) {
    return new Failure(
      'retry',
      'rate_limited',
      'Zoom limits the rate of requests (429).',
      WAIT,
      retryAfter(response),
    );
  }
  const error = readErrorBody(body);
  if (status >= 500 || !error) return unreadable(response, request);
  const row = findZoomError(error);
  const failureClass = CLASSES[row?.refuses ?? 'unknown'][request];
  if (failureClass === 'rejected') return codeRefused(row?.refuses);
  if (!row || failureClass === 'retry') {
    const told = error.code === undefined ? status : `${status}, code ${error.code}`;
    return new Failure(
      'retry',
      'zoom_refused',
      `Zoom refused the request (${told}) without a known reason.`,
      WAIT,
    );
  }
  return request === 'account_credentials' && row.refuses === 'token'
    ? appRefused(row.code)
    : new Failure(failureClass, row.code, row.message, `${row.action}${then(request, row.refuses)}`);
}

/** A Server-to-Server app has no refresh token that Zoom could mean. */
function appRefused(code: FailureCode): Failure {
  return new Failure(
    'misconfigured',
    code,
    'Zoom grants the Server-to-Server app no token.',
    'Activate the Server-to-Server OAuth app in the Zoom App Marketplace. The connection then recovers by itself.',
  );
}
/**
 * Returns whom the token belongs to; `undefined` when the API refuses, which depends on the scopes of the operator's app.
 * @throws {Failure} `retry` when the response is none of the API's, or says that it is unable to
 */
export async function parseUserResponse(response: HttpResponse): Promise<ZoomUser | undefined> {
  const body = parseJson(await response.text().catch((error) => sendFailure(error)));
  const isUnable = response.status >= 500 || response.status === 429;
  // What stands in front of the API refuses in HTML, and that says nothing of the scopes.
  if (!response.ok && !isUnable && isApiError(body)) return undefined;
  const parsed = v.safeParse(UserResponse, response.ok ? body : undefined);
  if (!parsed.success) {
    throw new Failure(
      'retry',
      'user_unanswered',
      `Zoom's API did not identify the user who consented (${response.status}).`,
      WAIT,
    );
  }
  const { id, account_id, display_name } = parsed.output;
  return {
    id,
    ...(account_id !== undefined && { accountId: account_id }),
    ...(display_name !== undefined && { name: display_name }),
  };
}

/** The API's own errors have a number, and at least a missing scope has words. */
function isApiError(body: unknown): boolean {
  const error = readErrorBody(body);
  return error !== undefined && (error.code !== undefined || isMissingScope(error));
}

/**
 * Throws the `Failure` of a request that failed. Whether Zoom has read the request decides if a refresh token or a code may
 * be spent.
 * @param origin of the request
 */
export function sendFailure(error: unknown, origin = 'https://zoom.us', request?: ZoomRequest): never {
  const { kind, code } = requestFailure(error);
  if (kind === 'tls') {
    throw new Failure(
      'misconfigured',
      'tls_untrusted',
      `Zoom was not asked: ${tlsProblem(code, new URL(origin).host)}.`,
      'If a proxy opens TLS, give the function its CA in NODE_EXTRA_CA_CERTS. Otherwise repair the certificate chain of that host.',
    );
  }
  if (kind === 'unreachable') {
    throw new Failure('retry', 'zoom_unreachable', `Zoom cannot be reached (${code}).`, WAIT);
  }
  const message =
    kind === 'too_large'
      ? `Zoom's response was larger than 1 MB and was cut off (${code}).`
      : `Zoom's response did not arrive (${code}).`;
  if (request === 'authorization_code')
    throw new Failure('rejected', 'no_answer', message, CODE_MAY_BE_SPENT);
  throw new Failure(
    'retry',
    'no_answer',
    message,
    request === 'refresh_token'
      ? 'Nothing to do: the next attempt shows whether Zoom acted on the request. Only if it did, a person must consent again.'
      : 'Nothing to do: the next attempt asks again.',
  );
}

/** A reload of the callback would send the same code again. */
const CODE_MAY_BE_SPENT = 'The authorization code may have been used by now. Ask for a new link.';

/** An authorization code lives five minutes and is single-use. */
function codeRefused(refuses: ZoomError['refuses'] | undefined): Failure {
  const isKnown = refuses !== undefined && refuses !== 'unknown';
  const { code, message, action } = REFUSED_CODE;
  return new Failure(
    'rejected',
    code,
    isKnown ? message : 'Zoom refused the authorization code without a known reason.',
    action,
  );
}

/** Returns what follows once the operator has corrected the app. */
function then(request: ZoomRequest, refuses: ZoomError['refuses']): string {
  if (refuses !== 'app') return '';
  if (request === 'authorization_code') return ' Then ask for a new link.';
  return request === 'refresh_token' ? ' The connection then recovers by itself.' : '';
}

/** No JSON, not Zoom's JSON, or a server error: something in front of Zoom responded. */
function unreadable(response: HttpResponse, request: ZoomRequest): Failure {
  const message = `Zoom is unavailable (HTTP ${response.status}).`;
  // Whatever says 503 has not acted. After any other response the code counts as spent.
  if (request === 'authorization_code' && response.status !== 503)
    return new Failure('rejected', 'zoom_unavailable', message, CODE_MAY_BE_SPENT);
  return new Failure('retry', 'zoom_unavailable', message, WAIT, retryAfter(response));
}
