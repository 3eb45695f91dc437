import * as v from 'valibot';
import { N8N_TIMEOUT_SECONDS } from '../time-budget.ts';
import { type Fetch, type HttpRequest, type HttpResponse, parseJson } from './http.ts';
import {
  interceptedFailure,
  LostResponse,
  n8nMessage,
  type RefusedCall,
  refusal,
  requestFailed,
  startingUp,
} from './n8n-failures.ts';

/** An n8n instance that the functions may write to. */
export interface N8nInstance {
  /** Address at which its editor opens, without a slash at the end; `/api/v1` follows it. */
  url: string;
  apiKey: string;
}

/** Outcome of a creation under an id of ours, which n8n 2.41.0 and later know. */
type N8nCreation =
  | { kind: 'created'; id: string }
  /** A credential of that id exists: an earlier request created it. */
  | { kind: 'exists' }
  /** This n8n refuses an id of ours. Nothing was created. */
  | { kind: 'id_refused' };

/** Result of n8n's own test of a credential. */
interface N8nTestResult {
  ok: boolean;
  /** n8n's words, without control characters and without anything that looks like a token. */
  message: string;
}

/**
 * The part of n8n's public API that keeps a credential of the type `zoomApi` fresh.
 * Every method throws a `Failure`: `misconfigured` where the operator must act, `retry` otherwise. What n8n did not say
 * itself is never taken for its response: see `n8n-failures.ts`.
 * https://docs.n8n.io/api/api-reference/#tag/credential
 */
export interface N8n {
  /**
   * Creates a credential and returns its id. Needs the scope `credential:create`.
   * @throws {LostResponse} when n8n may have created it
   */
  create(instance: N8nInstance, name: string, accessToken: string): Promise<string>;
  /**
   * Creates a credential under an id of ours, so that a repetition creates no second one.
   * @param id 1 to 16 of `[A-Za-z0-9_-]`
   * @throws {LostResponse} when n8n may have created it
   */
  createAs(instance: N8nInstance, id: string, name: string, accessToken: string): Promise<N8nCreation>;
  /** Replaces the access token and keeps all other fields. Needs the scope `credential:update`. */
  update(instance: N8nInstance, credentialId: string, accessToken: string): Promise<void>;
  /** Returns the credential's type and changes nothing. Needs the scope `credential:update`. */
  type(instance: N8nInstance, credentialId: string): Promise<string | undefined>;
  /** Lets n8n use the credential: it requests `GET /v2/users/me` from Zoom. Needs the scope `credential:read`. */
  test(instance: N8nInstance, credentialId: string): Promise<N8nTestResult>;
  /**
   * Returns the ids of the credentials of this name and the type `zoomApi` that are at most `seconds` old by n8n's own
   * clock. Needs the scope `credential:list`. Returns `undefined` when n8n did not list all of them.
   */
  find(instance: N8nInstance, name: string, seconds: number): Promise<string[] | undefined>;
}

/** n8n's internal name of the credential type *Zoom API*. Its one field is sent as the bearer token. */
export const CREDENTIAL_TYPE = 'zoomApi';

/** One page of n8n's list holds at most this many. */
const PAGE = 250;

const Credential = v.object({ id: v.pipe(v.string(), v.nonEmpty()), type: v.optional(v.string()) });
const TestResult = v.object({ status: v.picklist(['OK', 'Error']), message: v.optional(v.string(), '') });
const List = v.object({
  data: v.array(v.object({ id: v.string(), name: v.string(), type: v.string(), createdAt: v.string() })),
  nextCursor: v.nullish(v.string()),
});

interface Call extends RefusedCall {
  method: HttpRequest['method'];
  /** After `/api/v1/credentials`. */
  path: string;
  body?: object;
}

/** n8n's whole response to every request, with the status 200, while it migrates its database. */
const STARTING_UP = /^\s*n8n is starting up\b/i;

/** The scopes of an API key that pushes, and of one that tests. */
const PUSH_SCOPES = 'credential:update and credential:create';
const TEST_SCOPES = 'credential:read';

export function createN8n(fetch: Fetch): N8n {
  const request = async ({ url, apiKey }: N8nInstance, { method, path, body }: Call) => {
    const response = await fetch(`${url}/api/v1/credentials${path}`, {
      method,
      headers: { 'x-n8n-api-key': apiKey, 'content-type': 'application/json', accept: 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // The key is for this address alone.
      redirect: 'manual',
      signal: AbortSignal.timeout(N8N_TIMEOUT_SECONDS * 1000),
    }).catch((error) => requestFailed(url, error));
    const text = await response.text().catch((error) => requestFailed(url, error));
    if (STARTING_UP.test(text)) throw startingUp(url);
    return { response, json: parseJson(text) };
  };

  const send = async <Schema extends v.GenericSchema>(
    instance: N8nInstance,
    call: Call,
    schema: Schema,
  ): Promise<v.InferOutput<Schema>> => {
    const { response, json } = await request(instance, call);
    if (response.status !== 200) throw refusal(instance.url, call, response, json);
    return parseResponse(instance, response, json, schema);
  };

  const patch = async (instance: N8nInstance, credentialId: string, body: object) => {
    const call: Call = {
      method: 'PATCH',
      path: `/${encodeURIComponent(credentialId)}`,
      // Without it n8n replaces all fields, and forgets the domains that the credential is allowed for.
      body: { ...body, isPartialData: true },
      credentialId,
      scopes: PUSH_SCOPES,
    };
    return send(
      instance,
      call,
      v.pipe(
        Credential,
        v.check(({ id }) => id === credentialId),
      ),
    );
  };

  return {
    async create(instance, name, accessToken) {
      const body = { name, type: CREDENTIAL_TYPE, data: { accessToken } };
      return (await send(instance, { method: 'POST', path: '', body, scopes: PUSH_SCOPES }, Credential)).id;
    },

    async createAs(instance, id, name, accessToken) {
      const body = { id, name, type: CREDENTIAL_TYPE, data: { accessToken } };
      const call: Call = { method: 'POST', path: '', body, scopes: PUSH_SCOPES };
      const { response, json } = await request(instance, call);
      const message = n8nMessage(json);
      if (response.status === 409 && message !== undefined) return { kind: 'exists' };
      if (response.status === 400 && message !== undefined && REFUSES_ID.test(message)) {
        return { kind: 'id_refused' };
      }
      if (response.status !== 200) throw refusal(instance.url, call, response, json);
      return { kind: 'created', id: parseResponse(instance, response, json, Credential).id };
    },

    async update(instance, credentialId, accessToken) {
      await patch(instance, credentialId, { data: { accessToken } });
    },

    // Without `data` n8n keeps what the credential holds.
    type: async (instance, credentialId) => (await patch(instance, credentialId, {})).type,

    async test(instance, credentialId) {
      const path = `/${encodeURIComponent(credentialId)}/test`;
      const call: Call = { method: 'POST', path, body: {}, credentialId, isTest: true, scopes: TEST_SCOPES };
      const { status, message } = await send(instance, call, TestResult);
      return { ok: status === 'OK', message: cleanMessage(message) };
    },

    async find(instance, name, seconds) {
      const call: Call = { method: 'GET', path: `?limit=${PAGE}`, scopes: 'credential:list' };
      const { response, json } = await request(instance, call);
      if (response.status !== 200) throw refusal(instance.url, call, response, json);
      const { data, nextCursor } = parseResponse(instance, response, json, List);
      const since = Date.parse(response.headers.get('date') ?? '') - seconds * 1000;
      if (Number.isNaN(since)) return undefined;
      const found = data.filter(
        (each) => each.name === name && each.type === CREDENTIAL_TYPE && Date.parse(each.createdAt) >= since,
      );
      return found.length > 0 || !nextCursor ? found.map(({ id }) => id) : undefined;
    },
  };
}

/** n8n before 2.41.0: `request/body/id is read-only`. */
const REFUSES_ID = /\/id\b|additional propert/i;

/** Reads a 200: a login page has that status too, and JSON that is cut off was n8n's. */
function parseResponse<Schema extends v.GenericSchema>(
  { url }: N8nInstance,
  response: HttpResponse,
  json: unknown,
  schema: Schema,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const isCutOff = json === undefined && /json/i.test(response.headers.get('content-type') ?? '');
  throw isCutOff ? LostResponse.cutOff(url) : interceptedFailure(url, response);
}

const MAX_MESSAGE = 200;
/** Words in n8n's messages are shorter; tokens are longer. */
const TOKEN_LIKE = /\S{40,}/g;

const cleanMessage = (text: string): string =>
  text
    .replace(/\p{C}+/gu, ' ')
    .replace(TOKEN_LIKE, '…')
    .trim()
    .slice(0, MAX_MESSAGE);
