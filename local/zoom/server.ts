import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../lambdas/tokens/clock.ts';
import { type Breakage, noBreakage } from '../breakage.ts';
import { api } from './api.ts';
import type { ZoomApp } from './app.ts';
import { authorize, consent } from './authorize.ts';
import { misbehave, type ZoomFaults } from './faults.ts';
import { outage } from './outage.ts';
import {
  AUTHORIZE_PATH,
  CODE_SECONDS,
  createProvider,
  grantIdOf,
  REVOKE_PATH,
  TOKEN_PATH,
} from './provider.ts';
import { openStore } from './store.ts';
import { clientAuthentication, revocation, shapeTokenAnswers } from './token.ts';

export interface Zoom {
  /** `http://localhost:<port>`, for `ZOOM_OAUTH_URL` and `ZOOM_API_URL`. */
  url: string;
  /** Ends the refresh token that the app holds for the user. Answers whether there was one. */
  endRefreshToken(clientId: string, userId: string): boolean;
  close(): Promise<void>;
}

export interface ZoomOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Tells how old tokens and codes are. It may run fast or jump. */
  now: Clock;
  apps: ZoomApp[];
  /** Lifetime of an authorization code, in seconds of `now`. Default: Zoom's five minutes. */
  codeSeconds?: number;
  /** Whether a refresh leaves the earlier access token of a user alive. Zoom does not document it. Default true. */
  accessTokenOutlivesRefresh?: boolean;
  /** What is broken. It is read at each request. */
  trouble?: Breakage;
  /** How it is rougher than documented, for tests. It is read at each request. */
  faults?: ZoomFaults;
}

/**
 * Starts a Zoom on loopback: oidc-provider decides, and what it answers is shaped to Zoom's wire format.
 * Rejects with `EADDRINUSE` when the port is taken.
 */
export async function startZoom({
  port = 0,
  now,
  apps,
  codeSeconds = CODE_SECONDS,
  accessTokenOutlivesRefresh = true,
  trouble = noBreakage(),
  faults = {},
}: ZoomOptions): Promise<Zoom> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;

  const store = openStore(now);
  const provider = createProvider(url, apps, store, codeSeconds);
  shapeTokenAnswers(provider, { url, store, accessTokenOutlivesRefresh });
  provider.use(async (ctx, next) => {
    // The API alone is dated by the injected clock. Browsers measure a cookie's Expires from Date, and oidc-provider
    // sets Expires in real time: on what sets cookies, Date must be real too.
    if (ctx.path.startsWith('/v2/')) ctx.set('Date', new Date(now() * 1000).toUTCString());
    await next();
  });
  provider.use(outage(trouble));
  provider.use(misbehave(faults));
  provider.use(api(provider, apps));
  provider.use(consent(provider));
  provider.use(authorize(url));
  provider.use(clientAuthentication(apps));
  provider.use(revocation);
  provider.use(async (ctx, next) => {
    // What oidc-provider has besides, such as its discovery document, Zoom has not.
    if ([AUTHORIZE_PATH, TOKEN_PATH, REVOKE_PATH].some((path) => `${ctx.path}/`.startsWith(`${path}/`)))
      await next();
  });
  server.on('request', provider.callback());

  return {
    url,
    endRefreshToken: (clientId, userId) => store.endRefreshTokens(grantIdOf(clientId, userId)),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
