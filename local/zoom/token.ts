import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { MarketplaceApp } from './app.ts';
import { REVOKE_PATH, TOKEN_PATH } from './provider.ts';
import type { Store } from './store.ts';

type Middleware = Parameters<Provider['use']>[0];

/** Zoom's error body: `reason` is the text, `error` the OAuth code. */
interface ZoomError {
  reason: string;
  error: string;
}

/**
 * Accepts HTTP Basic over the plain id and secret, as Zoom documents it. A form-encoded pair (RFC 6749 section 2.3.1)
 * is refused where the encoding changes it: a client that relies on decoding must fail here, before it meets Zoom.
 */
export function clientAuthentication(apps: MarketplaceApp[]): Middleware {
  const known = new Set(apps.map((app) => `${app.clientId}:${app.clientSecret}`));
  return async (ctx, next) => {
    if (ctx.path !== TOKEN_PATH && ctx.path !== REVOKE_PATH) return next();
    const [, credentials] = /^Basic +(\S+)$/i.exec(ctx.get('authorization')) ?? [];
    const pair = Buffer.from(credentials ?? '', 'base64').toString();
    if (known.has(pair)) {
      // oidc-provider form-decodes the pair.
      const encoded = pair.split(':').map(encodeURIComponent).join(':');
      ctx.req.headers.authorization = `Basic ${Buffer.from(encoded).toString('base64')}`;
      return next();
    }
    ctx.status = ctx.get('authorization') ? 400 : 401;
    ctx.body = { reason: 'Invalid client_id or client_secret', error: 'invalid_client' } satisfies ZoomError;
  };
}

/** Adds the body that Zoom sends after a revocation. */
export const revocation: Middleware = async (ctx, next) => {
  await next();
  if (ctx.path === REVOKE_PATH && ctx.status === 200) ctx.body = { status: 'success' };
};

const BAD_CODE = 'Invalid authorization code: unknown, expired, used or not yours';

/** Reshapes the token endpoint's responses to Zoom's wire format, and revokes the tokens that Zoom would revoke. */
export function shapeTokenResponses(
  provider: Provider,
  {
    url,
    store,
    accessTokenOutlivesRefresh,
  }: { url: string; store: Store; accessTokenOutlivesRefresh: boolean },
): void {
  provider.on('grant.success', (ctx) => {
    const { access_token, refresh_token, expires_in, scope } = ctx.body as Record<string, string>;
    const grantType = ctx.oidc.params?.grant_type;
    const grantId = ctx.oidc.entities.AccessToken?.grantId;
    if (grantId && (grantType === 'authorization_code' || !accessTokenOutlivesRefresh)) {
      store.keepOnly(grantId, [String(access_token), String(refresh_token)]);
    }
    ctx.body = { access_token, token_type: 'bearer', refresh_token, expires_in, scope, api_url: url };
  });
  provider.on('grant.error', (ctx, error) => respond(ctx, zoomError(ctx.oidc.params?.grant_type, error)));
  provider.on('revocation.error', (ctx, error) => respond(ctx, plainError(error)));
}

function respond(ctx: KoaContextWithOIDC, error: ZoomError): void {
  ctx.status = 400;
  ctx.body = error;
}

function zoomError(grantType: unknown, error: errors.OIDCProviderError): ZoomError {
  const unsupported =
    error.error === 'unsupported_grant_type' || /grant type is not allowed/.test(text(error));
  if (!grantType || unsupported) {
    return { reason: 'unsupported grant type', error: 'unsupported_grant_type' };
  }
  if (error.error !== 'invalid_grant') return plainError(error);
  if (grantType === 'refresh_token') return { reason: 'Invalid Token!', error: 'invalid_grant' };
  const reason = /redirect_uri mismatch/.test(text(error)) ? 'Redirect URI mismatch' : BAD_CODE;
  return { reason, error: 'invalid_request' };
}

function plainError(error: errors.OIDCProviderError): ZoomError {
  return { reason: text(error), error: error.error };
}

function text(error: errors.OIDCProviderError): string {
  return error.error_detail ?? error.error_description ?? error.error;
}
