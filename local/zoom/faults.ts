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
  /** Puts a byte order mark before the body of every token response. */
  byteOrderMark?: boolean;
  /** Compresses every token response, whatever the client accepts. */
  contentEncoding?: keyof typeof COMPRESS | undefined;
}

const COMPRESS = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };

/** Makes Zoom misbehave as `faults` say. */
export function misbehave(faults: ZoomFaults): Parameters<Provider['use']>[0] {
  return async (ctx, next) => {
    const isToken = ctx.path === TOKEN_PATH;
    const refusal = isToken ? faults.tokenRefusal : ctx.path === '/v2/users/me' && faults.userRefusal;
    if (refusal) {
      ctx.status = refusal.status;
      ctx.set(refusal.headers ?? {});
      ctx.body = refusal.body;
    } else {
      await next();
      const isGranted = isToken && ctx.status === 200;
      if (isGranted) ctx.body = { ...(ctx.body as object), ...faults.tokenFields };
    }
    if (isToken && (faults.byteOrderMark || faults.contentEncoding)) encode(ctx, faults);
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
