import * as v from 'valibot';
import { Failure, type FailureCode } from '../errors.ts';
import { N8N_TIMEOUT_SECONDS } from '../time-budget.ts';
import { type Fetch, type HttpResponse, parseJson, requestFailure, retryAfter, tlsProblem } from './http.ts';

/** An n8n that we may write to. */
export interface N8nInstance {
  /** Where its editor is, no slash at the end; `/api/v1` comes after it. */
  url: string;
  apiKey: string;
}

/**
 * The part of n8n's public API that keeps a credential of the type `zoomApi` fresh.
 * Every method throws a `Failure`: `misconfigured` where somebody must act, `retry` otherwise.
 * https://docs.n8n.io/api/api-reference/#tag/credential
 */
export interface N8n {
  /** Answers the id of the new credential. Needs the scope `credential:create`. */
  create(instance: N8nInstance, name: string, accessToken: string): Promise<string>;
  /** Needs the scope `credential:update`. */
  update(instance: N8nInstance, credentialId: string, accessToken: string): Promise<void>;
  /** The credential's type, found without changing anything, with the scope `credential:update`. */
  type(instance: N8nInstance, credentialId: string): Promise<string | undefined>;
}

/** n8n's internal name of the credential type *Zoom API*. Its one field is sent as the bearer token. */
export const CREDENTIAL_TYPE = 'zoomApi';

const Answer = v.object({ id: v.pipe(v.string(), v.nonEmpty()), type: v.optional(v.string()) });

export function createN8n(fetch: Fetch): N8n {
  const send = async (
    { url, apiKey }: N8nInstance,
    method: 'POST' | 'PATCH',
    credentialId: string | undefined,
    body: object,
  ): Promise<v.InferOutput<typeof Answer>> => {
    const path = credentialId === undefined ? '' : `/${encodeURIComponent(credentialId)}`;
    const response = await fetch(`${url}/api/v1/credentials${path}`, {
      method,
      headers: { 'x-n8n-api-key': apiKey, 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      // The key is for this address alone.
      redirect: 'manual',
      signal: AbortSignal.timeout(N8N_TIMEOUT_SECONDS * 1000),
    }).catch((error) => unreachable(url, error));
    const text = await response.text().catch((error) => unreachable(url, error));
    if (response.status !== 200) throw n8nRefusal(url, credentialId, response);
    const answer = v.safeParse(Answer, parseJson(text));
    // A page of something in front of n8n is answered with 200 too.
    if (!answer.success || (credentialId !== undefined && answer.output.id !== credentialId)) {
      throw misconfigured('n8n_no_api', `What answers at ${url} is not n8n's public API.`, CHECK_ADDRESS);
    }
    return answer.output;
  };

  return {
    create: async (instance, name, accessToken) =>
      (await send(instance, 'POST', undefined, { name, type: CREDENTIAL_TYPE, data: { accessToken } })).id,
    update: async (instance, credentialId, accessToken) => {
      await send(instance, 'PATCH', credentialId, { data: { accessToken } });
    },
    // Without `data` n8n keeps what the credential holds.
    type: async (instance, credentialId) => (await send(instance, 'PATCH', credentialId, {})).type,
  };
}

const LINK = 'zoom-tokens n8n link';
const CHECK_ADDRESS =
  `Check the address, and that n8n's public API is not switched off (N8N_PUBLIC_API_DISABLED); then ` +
  `${LINK} again.`;

function misconfigured(code: FailureCode, message: string, action: string): Failure {
  return new Failure('misconfigured', code, message, action);
}

/** What n8n says in the body is not told: it may quote what it was sent. */
function n8nRefusal(url: string, credentialId: string | undefined, response: HttpResponse): Failure {
  const { status } = response;
  if (status === 429 || status === 408 || status >= 500) {
    return new Failure(
      'retry',
      status === 429 ? 'n8n_rate_limited' : 'n8n_unavailable',
      `n8n at ${url} answered ${status}.`,
      'Nothing to do: the next sweeps push again. If it lasts, look into the log of n8n.',
      retryAfter(response),
    );
  }
  if (status >= 300 && status < 400) {
    return misconfigured(
      'n8n_redirects',
      `n8n at ${url} answered ${status}, a redirect, which is not followed: the API key is for this address alone.`,
      `${LINK} again, with the address that the redirect leads to.`,
    );
  }
  switch (status) {
    case 401:
      return misconfigured(
        'n8n_key_refused',
        `n8n at ${url} does not accept the API key (401).`,
        `Make a new one in n8n under Settings > n8n API, and ${LINK} again with it.`,
      );
    case 403:
      return misconfigured(
        'n8n_scope_missing',
        `n8n at ${url} forbids the API key to write this credential (403).`,
        `Make an API key with the scopes credential:update and credential:create, as a user who owns the credential, and ${LINK} again with it.`,
      );
    case 404:
      if (credentialId === undefined)
        return misconfigured('n8n_no_api', `n8n at ${url} has no public API (404).`, CHECK_ADDRESS);
      return misconfigured(
        'n8n_credential_gone',
        `n8n at ${url} has no credential "${credentialId}" (404).`,
        `${LINK} again: it makes a new credential, which the workflows then need.`,
      );
    case 405:
      return misconfigured(
        'n8n_cannot_update',
        `The public API of this version of n8n at ${url} cannot change a credential (405).`,
        'Upgrade n8n: 2.41.1 can, 2.39.5 could not.',
      );
    default:
      return misconfigured(
        'n8n_refused',
        `n8n at ${url} refused the request (${status}).`,
        `Look into the log of n8n; if the credential was changed by hand, ${LINK} again.`,
      );
  }
}

function unreachable(url: string, error: unknown): never {
  const { kind, code } = requestFailure(error);
  if (kind === 'tls') {
    throw misconfigured(
      'n8n_tls',
      `n8n at ${url} was not asked: ${tlsProblem(code, new URL(url).host)}.`,
      'Give n8n a certificate of a public authority with its whole chain, or the function the CA in NODE_EXTRA_CA_CERTS.',
    );
  }
  if (kind === 'too_large') {
    throw new Failure(
      'retry',
      'n8n_unreachable',
      `The response of n8n at ${url} was larger than 1 MB and was cut off (${code}).`,
      'Check what responds at that address; the next sweeps push again.',
    );
  }
  throw new Failure(
    'retry',
    'n8n_unreachable',
    {
      timeout: `n8n at ${url} did not respond within ${N8N_TIMEOUT_SECONDS} s (${code}).`,
      unreachable: `n8n at ${url} cannot be reached (${code}).`,
      no_response: `n8n at ${url} broke off its response (${code}).`,
    }[kind],
    'Nothing to do if n8n is down: the next sweeps push again. It must be reachable from the internet.',
  );
}
