import type { Provider } from 'oidc-provider';
import type { MarketplaceApp } from './app.ts';
import { accountOwner, users, type ZoomUser } from './users.ts';

const RESPONSES: Record<string, (user: ZoomUser) => object> = {
  '/v2/users/me': (user) => user,
  '/v2/users/me/meetings': () => ({
    page_count: 1,
    page_number: 1,
    page_size: 30,
    total_records: 1,
    meetings: [{ id: 85746065, topic: 'Weekly', type: 2, duration: 30 }],
  }),
};

/** Serves the part of Zoom's API that a token can be tried on: `GET /v2/users/me` and its meetings. */
export function api(provider: Provider, apps: MarketplaceApp[]): Parameters<Provider['use']>[0] {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/v2/')) return next();
    const respond = ctx.method === 'GET' && RESPONSES[ctx.path];
    if (!respond) {
      ctx.status = 404;
      ctx.body = { code: 2300, message: 'This API endpoint is not recognized.' };
      return;
    }
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(ctx.get('authorization')) ?? [];
    const me = await findTokenUser(provider, apps, token);
    ctx.status = me ? 200 : 401;
    ctx.body = me ? respond(me) : { code: 124, message: 'Invalid access token.' };
  };
}

async function findTokenUser(
  provider: Provider,
  apps: MarketplaceApp[],
  token: string,
): Promise<ZoomUser | undefined> {
  const userToken = await provider.AccessToken.find(token);
  if (userToken) return users.find(({ id }) => id === userToken.accountId);
  const accountToken = await provider.ClientCredentials.find(token);
  const app = apps.find(({ clientId }) => clientId === accountToken?.clientId);
  return app?.accountId ? accountOwner(app.accountId) : undefined;
}
