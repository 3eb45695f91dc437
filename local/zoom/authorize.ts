import { text } from 'node:stream/consumers';
import type { InteractionResults, Provider } from 'oidc-provider';
import { consentPage, errorPage, timedOutPage } from './pages.ts';
import { AUTHORIZE_PATH, CONSENT_PATH, grantIdOf, USER_SCOPE } from './provider.ts';
import { users } from './users.ts';

type Middleware = Parameters<Provider['use']>[0];

/** Sign-ins whose request is remembered, so that a page that timed out can start again. */
const MAX_REMEMBERED = 1000;

/** The authorization requests by the address of their consent page. */
export type StartedSignIns = Map<string, string>;

/**
 * Serves Zoom's authorize endpoint: scopes come from the app, and the redirect has no `iss` (RFC 9207).
 * @param started remembers the request of each consent page
 */
export function authorize(url: string, started: StartedSignIns): Middleware {
  return async (ctx, next) => {
    if (!`${ctx.path}/`.startsWith(`${AUTHORIZE_PATH}/`)) return next();
    const { originalUrl } = ctx;
    if (ctx.path === AUTHORIZE_PATH) ctx.query = { ...ctx.query, scope: USER_SCOPE };
    await next();
    const location = ctx.response.get('location');
    if (ctx.path === AUTHORIZE_PATH && location)
      remember(started, new URL(location, url).pathname, originalUrl);
    if (location && new URL(location, url).origin !== url) {
      const redirect = new URL(location);
      redirect.searchParams.delete('iss');
      ctx.set('location', redirect.href);
      ctx.status = 302;
    }
  };
}

function remember(started: StartedSignIns, page: string, request: string): void {
  if (!page.startsWith(`${CONSENT_PATH}/`)) return;
  const [oldest] = started.keys();
  if (started.size >= MAX_REMEMBERED && oldest !== undefined) started.delete(oldest);
  started.set(page, request);
}

/** Serves the consent page, and handles its buttons. */
export function consent(provider: Provider, started: StartedSignIns): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith(`${CONSENT_PATH}/`)) return next();
    const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined);
    if (!interaction) {
      timedOutPage(ctx, started.get(ctx.path));
      return;
    }
    const clientId = String(interaction.params.client_id);
    if (ctx.method !== 'POST') {
      consentPage(ctx, clientId, String(interaction.params.redirect_uri), users);
      return;
    }
    const result = await decide(provider, clientId, new URLSearchParams(await text(ctx.req)));
    if (!result) {
      errorPage(ctx, 'Choose a user, then Allow or Decline.');
      return;
    }
    ctx.redirect(
      await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false }),
    );
    ctx.status = 303;
  };
}

async function decide(
  provider: Provider,
  clientId: string,
  form: URLSearchParams,
): Promise<InteractionResults | undefined> {
  if (form.get('decision') === 'decline') return { error: 'access_denied' };
  const user = users.find(({ id }) => id === form.get('user'));
  if (form.get('decision') !== 'allow' || !user) return undefined;
  const grant = new provider.Grant({ accountId: user.id, clientId });
  grant.jti = grantIdOf(clientId, user.id);
  grant.addOIDCScope(USER_SCOPE);
  return { login: { accountId: user.id, remember: false }, consent: { grantId: await grant.save() } };
}
