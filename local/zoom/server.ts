import { createServer } from 'node:http';
import type { Clock } from '../../lambdas/tokens/clock.ts';
import { type Breakage, noBreakage } from '../breakage.ts';
import { listenAsLocalhost, localhostUrl } from '../loopback-server.ts';
import { api } from './api.ts';
import type { MarketplaceApp } from './app.ts';
import { authorize, consent, type StartedSignIns } from './authorize.ts';
import { misbehave, type ZoomFaults } from './faults.ts';
import { faultsOf, loseResponse } from './outage.ts';
import {
  AUTHORIZE_PATH,
  CODE_SECONDS,
  createProvider,
  grantIdOf,
  REVOKE_PATH,
  TOKEN_PATH,
} from './provider.ts';
import { openStore } from './store.ts';
import { clientAuthentication, revocation, shapeTokenResponses } from './token.ts';

export interface Zoom {
  /** `http://localhost:<port>`, for `ZOOM_OAUTH_URL` and `ZOOM_API_URL`. */
  url: string;
  /** Revokes the refresh token that the app holds for the user. Returns whether there was one. */
  revokeRefreshToken(clientId: string, userId: string): boolean;
  close(): Promise<void>;
}

export interface ZoomOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Tokens and codes expire by this clock. It may run fast or jump. */
  now: Clock;
  apps: MarketplaceApp[];
  /** Lifetime of an authorization code, in seconds of `now`. Default: Zoom's five minutes. */
  codeSeconds?: number;
  /** Whether a refresh leaves the earlier access token of a user alive. Zoom does not document it. Default true. */
  accessTokenOutlivesRefresh?: boolean;
  /** The faults that are on. Read at each request. */
  breakage?: Breakage;
  /** How this Zoom is rougher than documented, for tests. Read at each request. */
  faults?: ZoomFaults;
}

/**
 * Starts a Zoom on loopback: oidc-provider issues the tokens, and its responses are reshaped to Zoom's wire format.
 * Rejects with `EADDRINUSE` when the port is taken.
 */
export async function startZoom({
  port = 0,
  now,
  apps,
  codeSeconds = CODE_SECONDS,
  accessTokenOutlivesRefresh = true,
  breakage = noBreakage(),
  faults = faultsOf(breakage),
}: ZoomOptions): Promise<Zoom> {
  const server = createServer();
  const { port: ownPort, close } = await listenAsLocalhost(server, port);
  const url = localhostUrl(ownPort);

  const store = openStore(now, () => breakage.refreshesAreRefused);
  const provider = createProvider(url, apps, store, codeSeconds);
  shapeTokenResponses(provider, { url, store, accessTokenOutlivesRefresh });
  provider.use(async (ctx, next) => {
    // Only responses of the API carry the injected clock's Date. Browsers measure a cookie's Expires from Date, and
    // oidc-provider sets Expires in real time: a response that sets cookies needs the real Date.
    if (ctx.path.startsWith('/v2/')) ctx.set('Date', new Date(now() * 1000).toUTCString());
    await next();
  });
  provider.use(loseResponse(breakage));
  provider.use(misbehave(faults));
  provider.use(api(provider, apps));
  const started: StartedSignIns = new Map();
  provider.use(consent(provider, started));
  provider.use(authorize(url, started));
  provider.use(clientAuthentication(apps));
  provider.use(revocation);
  provider.use(async (ctx, next) => {
    // Zoom has none of oidc-provider's other endpoints, such as the discovery document.
    if ([AUTHORIZE_PATH, TOKEN_PATH, REVOKE_PATH].some((path) => `${ctx.path}/`.startsWith(`${path}/`)))
      await next();
  });
  server.on('request', provider.callback());

  return {
    url,
    revokeRefreshToken: (clientId, userId) => store.revokeRefreshTokens(grantIdOf(clientId, userId)),
    close,
  };
}
