import type { Provider } from 'oidc-provider';
import type { Breakage } from '../breakage.ts';
import { TOKEN_PATH } from './provider.ts';

/** Fails the requests that `breakage` selects. The consent page keeps working: the user's browser has it already. */
export function outage(breakage: Breakage): Parameters<Provider['use']>[0] {
  return async (ctx, next) => {
    const isToken = ctx.path === TOKEN_PATH;
    if (breakage.zoomIsDown && (isToken || ctx.path.startsWith('/v2/'))) {
      ctx.status = 503;
      ctx.type = 'html';
      ctx.body = '<h1>Service Unavailable</h1>';
      return;
    }
    await next();
    if (isToken && breakage.nextResponseIsLost) {
      breakage.nextResponseIsLost = false;
      ctx.respond = false;
      ctx.req.socket.destroy();
    }
  };
}
