import type { Provider } from 'oidc-provider';
import type { Breakage } from '../breakage.ts';
import type { ZoomFaults } from './faults.ts';
import { TOKEN_PATH } from './provider.ts';

const HTML_503 = {
  status: 503,
  headers: { 'content-type': 'text/html' },
  body: '<h1>Service Unavailable</h1>',
};
const RATE_LIMIT = {
  status: 429,
  headers: { 'retry-after': '30' },
  body: {
    code: 429,
    message: 'You have reached the maximum per-second rate limit for this API. Try again later.',
  },
};
const SERVER_ERROR = { status: 500, body: { code: 500, message: 'Internal Server Error' } };

/** Returns the faults that the switches select at the time of a request. */
export const faultsOf = (breakage: Breakage): ZoomFaults => ({
  get tokenRefusal() {
    return everywhere(breakage);
  },
  get userRefusal() {
    return everywhere(breakage) ?? (breakage.zoomUserFails ? SERVER_ERROR : undefined);
  },
});

function everywhere({ zoomIsDown, zoomLimitsRate }: Breakage) {
  if (zoomIsDown) return HTML_503;
  return zoomLimitsRate ? RATE_LIMIT : undefined;
}

/** Ends the connection after Zoom has acted on a token request, where the switch demands it. */
export function loseResponse(breakage: Breakage): Parameters<Provider['use']>[0] {
  return async (ctx, next) => {
    await next();
    if (ctx.path !== TOKEN_PATH || !breakage.nextResponseIsLost) return;
    breakage.nextResponseIsLost = false;
    ctx.respond = false;
    ctx.req.socket.destroy();
  };
}
