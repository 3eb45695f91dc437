/**
 * The part of `fetch` that the domain uses: it sends a text, receives a text and follows no redirect. Without a whole
 * response it rejects: with the signal's reason, or with a `TypeError` whose `cause` has the system's code.
 * `requestFailure` sorts both.
 */
export type Fetch = (url: string, request: HttpRequest) => Promise<HttpResponse>;

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH';
  headers: Record<string, string>;
  body?: string;
  redirect: 'manual';
  signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** 200 to 299. */
  ok: boolean;
  headers: { get(name: string): string | null };
  /** Once. */
  text(): Promise<string>;
}

/** Seconds; the date form of RFC 9110 section 10.2.3 is left to our own back-off. */
export function retryAfter({ headers }: HttpResponse): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : undefined;
}

/** `undefined` where it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The code with which a client rejects a response that is larger than it accepts. */
export const RESPONSE_TOO_LARGE = 'RESPONSE_TOO_LARGE';

export interface RequestFailure {
  /**
   * - `unreachable`: the request was never sent.
   * - `tls`: no trusted connection was made, so the request was never sent. The operator must act.
   * - `timeout`, `too_large`, `no_response`: the request may have been acted on, and its response is lost.
   */
  kind: 'unreachable' | 'tls' | 'timeout' | 'too_large' | 'no_response';
  /** The system's, OpenSSL's or Node's code, or else the error's name. */
  code: string;
}

/** Sorts what a `Fetch` rejected with. */
export function requestFailure(error: unknown): RequestFailure {
  const { code: own, cause, name } = Object(error) as { code?: unknown; cause?: unknown; name?: unknown };
  const { code: inner } = Object(cause) as { code?: unknown };
  const code = [inner, own, name].find((value) => typeof value === 'string') ?? 'unknown';
  return { kind: kindOf(code, name), code };
}

function kindOf(code: string, name: unknown): RequestFailure['kind'] {
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  if (code === RESPONSE_TOO_LARGE) return 'too_large';
  if (NEVER_SENT.has(code)) return 'unreachable';
  return isTlsFailure(code) ? 'tls' : 'no_response';
}

const NEVER_SENT = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'UND_ERR_CONNECT_TIMEOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
]);

/** These pass without the operator: the server's own trouble, and bytes that were damaged on the way. */
const PASSING = /^ERR_SSL_\w*(INTERNAL_ERROR|BAD_RECORD_MAC)$/;

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes, and the codes of a handshake that failed. */
const TLS =
  /^(EPROTO|ERR_TLS_|ERR_SSL_|CERT_|CRL_|ERROR_IN_(CERT|CRL)_|UNABLE_TO_|(DEPTH_ZERO_)?SELF_SIGNED_CERT|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$)/;

const isTlsFailure = (code: string): boolean => TLS.test(code) && !PASSING.test(code);

/**
 * Returns why no trusted connection to `host` was made, as the end of a sentence.
 * @param code of a `RequestFailure` of the kind `tls`
 */
export function tlsProblem(code: string, host: string): string {
  const [, problem] = TLS_PROBLEMS.find(([codes]) => codes.test(code)) ?? [];
  return `${problem?.replaceAll('$', host) ?? `the TLS handshake with ${host} failed`} (${code})`;
}

const TLS_PROBLEMS: [codes: RegExp, problem: string][] = [
  [/SELF_SIGNED_CERT_IN_CHAIN/, 'the certificate of $ was issued by an authority that is not trusted'],
  [/SELF_SIGNED/, 'the certificate of $ is self-signed'],
  [/HAS_EXPIRED/, 'the certificate of $, or one of its chain, has expired'],
  [/NOT_YET_VALID/, 'the certificate of $ is not valid yet'],
  [/ALTNAME|HOSTNAME_MISMATCH/, 'the certificate of $ was issued for another host name'],
  [/REVOKED/, 'the certificate of $ is revoked'],
  [
    /UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)/,
    'the certificate chain of $ is incomplete or ends at an authority that is not trusted',
  ],
  [/^(CERT_|CRL_|ERROR_IN_|UNABLE_TO_|INVALID_|PATH_)/, 'the certificate of $ is not trusted'],
  [/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/, 'the port of $ does not speak TLS'],
  [/CERTIFICATE_REQUIRED/, '$ demands a client certificate'],
];
