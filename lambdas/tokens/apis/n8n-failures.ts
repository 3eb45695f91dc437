import * as v from 'valibot';
import { Failure, type FailureCode } from '../errors.ts';
import { N8N_TIMEOUT_SECONDS } from '../time-budget.ts';
import { type HttpResponse, requestFailure, retryAfter, tlsProblem } from './http.ts';

/** n8n may have acted on the request, but its response did not arrive whole. */
export class LostResponse extends Failure {
  constructor(message: string, action: string, code: FailureCode = 'n8n_unreachable') {
    super('retry', code, message, action);
  }

  /** A response of n8n that ends early. */
  static cutOff(url: string): LostResponse {
    return new LostResponse(`The response of n8n at ${url} was cut off.`, 'The next sweeps push again.');
  }
}

/** Oldest n8n with `PATCH /credentials/{id}` and its `isPartialData`, as released: 2.1.4 has neither. */
const MINIMUM_VERSION = '2.3.2';

const LINK = 'npx zoom-tokens n8n link';
const CHECK_ADDRESS =
  `Check the address, and that n8n's public API is not switched off (N8N_PUBLIC_API_DISABLED). Then run ` +
  `${LINK} again.`;

function misconfigured(code: FailureCode, message: string, action: string): Failure {
  return new Failure('misconfigured', code, message, action);
}

const ErrorBody = v.object({ message: v.string() });

/** Returns the message of an error of n8n's public API, `{"message": …}`. Anything else was not sent by n8n. */
export function n8nMessage(json: unknown): string | undefined {
  const parsed = v.safeParse(ErrorBody, json);
  return parsed.success ? parsed.output.message : undefined;
}

/**
 * n8n's own words for the statuses that gateways use too, such as Kong's 404 `no Route matched with those values`.
 * Taken from the public API of n8n 2.3.2 to 2.41.1: `Unauthorized`, `'X-N8N-API-KEY' header required`, `Forbidden`,
 * `You are not licensed for …`, `Credential not found`, `Not Found`, `PATCH method not allowed`.
 */
const N8N_WORDS: Record<number, RegExp> = {
  401: /^unauthorized$|x-n8n-api-key/i,
  403: /^forbidden$|scope|permission|licen[sc]e/i,
  404: /^not found$|credential/i,
  405: /method not allowed/i,
};

/** `request/body must NOT have additional properties`, or a complaint about `isPartialData` itself. */
const UNKNOWN_PROPERTY = /additional propert|isPartialData|unrecognized key/i;

/** The parts of a request that the message of its failure names. */
export interface RefusedCall {
  credentialId?: string;
  /** The request for n8n's own test of the credential. */
  isTest?: true;
  /** The scopes that the API key needs. */
  scopes: string;
}

/**
 * Returns the failure for a response that is no 200. The text of the body never becomes part of a message: it may quote
 * the request, with its token and its key.
 */
export function refusal(url: string, call: RefusedCall, response: HttpResponse, json: unknown): Failure {
  const { status } = response;
  if (status >= 300 && status < 400) {
    return misconfigured(
      'n8n_redirects',
      `The address ${url} responded with a redirect (HTTP ${status}), which is not followed: the API key is for this address alone.`,
      `If it leads to n8n, run ${LINK} again with that address. If it leads to a login page, let requests to /api/v1 of n8n pass it.`,
    );
  }
  const message = n8nMessage(json);
  if (message === undefined || N8N_WORDS[status]?.test(message) === false) {
    return interceptedFailure(url, response);
  }
  if (isPassing(status)) {
    return new Failure(
      'retry',
      status === 429 ? 'n8n_rate_limited' : 'n8n_unavailable',
      `n8n at ${url} responded with HTTP ${status}.`,
      'No action needed: the next sweeps push again. If it lasts, read the log of n8n.',
      retryAfter(response),
    );
  }
  return saidByN8n(url, call, status, message);
}

/** n8n has not acted on the request. */
export const startingUp = (url: string): Failure =>
  new Failure(
    'retry',
    'n8n_unavailable',
    `n8n at ${url} is starting up.`,
    'No action needed: the next sweeps push again. If it lasts, read the log of n8n: it may be migrating its database.',
  );

const isPassing = (status: number): boolean => status === 429 || status === 408 || status >= 500;

/** @param message n8n's own */
function saidByN8n(
  url: string,
  { credentialId, isTest, scopes }: RefusedCall,
  status: number,
  message: string,
): Failure {
  if (status === 400 && UNKNOWN_PROPERTY.test(message)) {
    return misconfigured(
      'n8n_too_old',
      `n8n at ${url} is too old: it cannot change the token of a credential and keep its other fields. Nothing was changed.`,
      `Upgrade n8n to ${MINIMUM_VERSION} or later.`,
    );
  }
  // The path is unknown; a credential that does not exist is named.
  if (isTest && (status === 405 || (status === 404 && /^not found$/i.test(message)))) {
    return misconfigured(
      'n8n_too_old',
      `n8n at ${url} is too old: it cannot test a credential.`,
      'Upgrade n8n to 2.41.1 or later.',
    );
  }
  switch (status) {
    case 401:
      return misconfigured(
        'n8n_key_refused',
        `n8n at ${url} does not accept the API key (401).`,
        `Create a new one in n8n under Settings > n8n API, and run ${LINK} again with the new one.`,
      );
    case 403:
      return misconfigured(
        'n8n_scope_missing',
        `n8n at ${url} does not allow the API key to use this credential (403).`,
        `Create an API key with the scopes ${scopes}, as a user who owns the credential, and run ${LINK} again with it.`,
      );
    case 404:
      if (credentialId === undefined)
        return misconfigured(
          'n8n_no_api',
          `n8n at ${url} has no public API for credentials (404).`,
          CHECK_ADDRESS,
        );
      return misconfigured(
        'n8n_credential_gone',
        `n8n at ${url} has no credential "${credentialId}" (404).`,
        isTest
          ? 'Check the id: n8n shows it in the address of the opened credential.'
          : `Run ${LINK} again: it creates a new credential. Then select that one in the workflows.`,
      );
    case 405:
      return misconfigured(
        'n8n_cannot_update',
        `The public API of this version of n8n at ${url} cannot change a credential (405).`,
        `Upgrade n8n to ${MINIMUM_VERSION} or later; 2.39.5 cannot either, 2.41.1 can.`,
      );
    default:
      return misconfigured(
        'n8n_refused',
        `n8n at ${url} refused the request (${status}).`,
        `Read the log of n8n; if the credential was changed by hand, run ${LINK} again.`,
      );
  }
}

/** Gateways respond so when the request may have reached n8n: RFC 9110 section 15.6.5, and Cloudflare's two. */
const GATEWAY_TIMEOUTS = [504, 520, 524];

/** Returns the failure for a response that n8n did not send. Its media type is the only part of it that is shown. */
export function interceptedFailure(url: string, response: HttpResponse): Failure {
  const { status } = response;
  const message = `Something in front of n8n at ${url} responded (HTTP ${status}, ${mediaType(response)}).`;
  if (GATEWAY_TIMEOUTS.includes(status)) return new LostResponse(message, IF_IT_LASTS, 'n8n_intercepted');
  if (isPassing(status)) {
    return new Failure('retry', 'n8n_intercepted', message, IF_IT_LASTS, retryAfter(response));
  }
  return misconfigured(
    'n8n_intercepted',
    message,
    `Let requests to /api/v1 of n8n pass its reverse proxy or access control, and keep their header X-N8N-API-KEY. ${CHECK_ADDRESS}`,
  );
}

const IF_IT_LASTS =
  'No action needed while n8n restarts: the next sweeps push again. If it lasts, read the log of the reverse proxy.';

function mediaType({ headers }: HttpResponse): string {
  const [type = ''] = (headers.get('content-type') ?? '').split(';');
  return /^[\w.+-]{1,40}\/[\w.+-]{1,60}$/.test(type.trim()) ? type.trim().toLowerCase() : 'no media type';
}

/** Throws the failure for a request that got no response, or only a part of one. */
export function requestFailed(url: string, error: unknown): never {
  const { kind, code } = requestFailure(error);
  switch (kind) {
    case 'tls':
      throw misconfigured(
        'n8n_tls',
        `No request was sent to n8n at ${url}: ${tlsProblem(code, new URL(url).host)}.`,
        'Give n8n a certificate of a public authority with its whole chain, or the function the CA in NODE_EXTRA_CA_CERTS.',
      );
    case 'too_large':
      throw new LostResponse(
        `The response of n8n at ${url} was larger than 1 MB and was cut off (${code}).`,
        'Check what responds at that address; the next sweeps push again.',
      );
    case 'timeout':
      throw new LostResponse(
        `n8n at ${url} did not respond within ${N8N_TIMEOUT_SECONDS} s (${code}).`,
        REACHABLE,
      );
    case 'no_response':
      throw new LostResponse(`n8n at ${url} broke off its response (${code}).`, REACHABLE);
    case 'unreachable':
      throw new Failure('retry', 'n8n_unreachable', `n8n at ${url} cannot be reached (${code}).`, REACHABLE);
  }
}

const REACHABLE =
  'No action needed if n8n is down: the next sweeps push again. It must be reachable from the internet.';
