import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Provider } from 'oidc-provider';
import { TOKEN_PATH } from './provider.ts';

/** A whole response in place of the endpoint's own. */
interface Refusal {
  status: number;
  body: object | string;
  headers?: Record<string, string>;
}

/** How this Zoom is rougher than its documentation. Read at each request, so that a test may change it. */
export interface ZoomFaults {
  /** The token endpoint responds so and does nothing. */
  tokenRefusal?: Refusal | undefined;
  /** Replaces fields of a token response, such as `expires_in`; `undefined` leaves the field out. */
  tokenFields?: Record<string, unknown>;
  /** `/users/me` responds so. */
  userRefusal?: Refusal | undefined;
  /** Puts a byte order mark before the body of every response of the token endpoint and of `/users/me`. */
  byteOrderMark?: boolean;
  /** Compresses the same responses, whatever the client accepts. */
  contentEncoding?: keyof typeof COMPRESS | undefined;
}

/**
 * Returns a refusal of Zoom's table of OAuth errors in every body that was seen.
 * https://developers.zoom.us/docs/integrations/oauth-error-messages/ gives code and text, and no body.
 */
export const refusalsOf = (code: number, text: string): Refusal[] => [
  { status: 400, body: { reason: text, error: 'invalid_request' } },
  { status: 401, body: { code, message: text } },
  { status: 400, body: { status: false, errorCode: code, errorMessage: text, result: null } },
];

const COMPRESS = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };

/** Makes Zoom misbehave as `faults` say. */
export function misbehave(faults: ZoomFaults): Parameters<Provider['use']>[0] {
  return async (ctx, next) => {
    const isToken = ctx.path === TOKEN_PATH;
    const isUser = ctx.path === '/v2/users/me';
    const refusal = isToken ? faults.tokenRefusal : isUser && faults.userRefusal;
    if (refusal) {
      ctx.status = refusal.status;
      ctx.set(refusal.headers ?? {});
      ctx.body = refusal.body;
    } else {
      await next();
      const isGranted = isToken && ctx.status === 200;
      if (isGranted) ctx.body = { ...(ctx.body as object), ...faults.tokenFields };
    }
    if ((isToken || isUser) && (faults.byteOrderMark || faults.contentEncoding)) encode(ctx, faults);
  };
}

type KoaContext = Parameters<Parameters<Provider['use']>[0]>[0];

function encode(ctx: KoaContext, { byteOrderMark, contentEncoding }: ZoomFaults): void {
  const text = typeof ctx.body === 'string' ? ctx.body : JSON.stringify(ctx.body);
  const body = Buffer.from(`${byteOrderMark ? '\uFEFF' : ''}${text}`);
  ctx.body = contentEncoding ? COMPRESS[contentEncoding](body) : body;
  ctx.type = 'application/json';
  if (contentEncoding) ctx.set('Content-Encoding', contentEncoding);
}
