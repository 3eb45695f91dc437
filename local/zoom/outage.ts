import type { Provider } from 'oidc-provider';
import type { Breakage } from '../breakage.ts';
import { TOKEN_PATH } from './provider.ts';

/** A Zoom that is not well, as long as `trouble` says so. Its consent page stays: the browser has it already. */
export function outage(trouble: Breakage): Parameters<Provider['use']>[0] {
  return async (ctx, next) => {
    const isToken = ctx.path === TOKEN_PATH;
    if (trouble.zoomIsDown && (isToken || ctx.path.startsWith('/v2/'))) {
      ctx.status = 503;
      ctx.type = 'html';
      ctx.body = '<h1>Service Unavailable</h1>';
      return;
    }
    await next();
    if (isToken && trouble.nextAnswerIsLost) {
      trouble.nextAnswerIsLost = false;
      ctx.respond = false;
      ctx.req.socket.destroy();
    }
  };
}
