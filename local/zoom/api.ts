import type { Provider } from 'oidc-provider';
import type { ZoomApp } from './app.ts';
import { accountOwner, users, type ZoomUser } from './users.ts';

const ANSWERS: Record<string, (user: ZoomUser) => object> = {
  '/v2/users/me': (user) => user,
  '/v2/users/me/meetings': () => ({
    page_count: 1,
    page_number: 1,
    page_size: 30,
    total_records: 1,
    meetings: [{ id: 85746065, topic: 'Weekly', type: 2, duration: 30 }],
  }),
};

/** Zoom's API, as far as a token can be tried: `GET /v2/users/me` and its meetings. Errors are `{code, message}`. */
export function api(provider: Provider, apps: ZoomApp[]): Parameters<Provider['use']>[0] {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/v2/')) return next();
    const answer = ctx.method === 'GET' && ANSWERS[ctx.path];
    if (!answer) {
      ctx.status = 404;
      ctx.body = { code: 2300, message: 'This API endpoint is not recognized.' };
      return;
    }
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(ctx.get('authorization')) ?? [];
    const me = await whoHolds(provider, apps, token);
    ctx.status = me ? 200 : 401;
    ctx.body = me ? answer(me) : { code: 124, message: 'Invalid access token.' };
  };
}

async function whoHolds(provider: Provider, apps: ZoomApp[], token: string): Promise<ZoomUser | undefined> {
  const userToken = await provider.AccessToken.find(token);
  if (userToken) return users.find(({ id }) => id === userToken.accountId);
  const accountToken = await provider.ClientCredentials.find(token);
  const app = apps.find(({ clientId }) => clientId === accountToken?.clientId);
  return app?.accountId ? accountOwner(app.accountId) : undefined;
}
