import type { Connection, Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import type { AppMonitor } from '../judgement/app-monitor.ts';
import { appIsPaused, isPaused, pauseUntil } from '../judgement/pause.ts';
import { isOwnApp, otherApp } from '../own-app.ts';
import { open } from '../sealing/seal.ts';
import { STORE_SECONDS, ZOOM_TIMEOUT_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';

/** New tokens, and the client id of the app that obtained them. */
interface Grant {
  tokens: Tokens;
  clientId: string;
}

/**
 * Requests new tokens from Zoom, and once more if the operator has replaced the app's credentials since they were last
 * read. What Zoom says of the app is recorded with the app.
 * @throws {Failure} `retry`, `app_paused` when Zoom's rate limit pauses the app: then nothing was sent
 */
export async function requestTokens(
  item: Connection,
  deps: Dependencies,
  { deadline, apps, isProbe = false }: { deadline: number; apps: AppMonitor; isProbe?: boolean },
): Promise<Grant> {
  const { vault, now } = deps;
  const request = await prepareRequest(item, deps, deadline);
  const send = async (app: ZoomApp): Promise<Grant> => {
    const health = apps.known(item.app) ?? (await apps.health(item.app));
    if (isPaused(health) && !isProbe) throw appIsPaused(item.app, health, now());
    return { tokens: await request(app), clientId: app.clientId };
  };
  try {
    const grant = await withCurrentApp(item, vault, send);
    await recordGrant(item, apps, isProbe);
    return grant;
  } catch (error) {
    if (error instanceof Failure && error.code === 'rate_limited') {
      await apps.record(item.app, { kind: 'rate_limited', until: pauseUntil(now(), error.retryAfter) });
    }
    throw error;
  }
}

/** Sends the request with the app's credentials as they are remembered, and again where they have been replaced since. */
async function withCurrentApp(
  item: Connection,
  vault: Dependencies['vault'],
  send: (app: ZoomApp) => Promise<Grant>,
): Promise<Grant> {
  const remembered = await vault.app(item.app);
  const app = isOwnApp(item, remembered) ? remembered : await vault.app(item.app, { fresh: true });
  if (!isOwnApp(item, app)) throw otherApp(item);
  try {
    return await send(app);
  } catch (error) {
    const isAnswered = error instanceof Failure && error.class !== 'retry';
    if (!isAnswered) throw error;
    const fresh = await vault.app(item.app, { fresh: true });
    if (isSameApp(fresh, app)) throw error;
    if (!isOwnApp(item, fresh)) throw otherApp(item);
    return send(fresh);
  }
}

/** A grant that ends an incident or a pause is stored at once, any other with the next write. */
async function recordGrant(item: Connection, apps: AppMonitor, isProbe: boolean): Promise<void> {
  const granted = { kind: 'granted', wasSuspect: item.suspectSince !== undefined, isProbe } as const;
  if (granted.wasSuspect || isProbe) await apps.record(item.app, granted);
  else apps.note(item.app, granted);
}

/** Returns the request of the connection's grant. Whatever could fail before it is sent is done here. */
async function prepareRequest(
  item: Connection,
  { zoom, openingKey, now }: Dependencies,
  deadline: number,
): Promise<(app: ZoomApp) => Promise<Tokens>> {
  if (item.grantType === 'account_credentials') return (app) => zoom.accountCredentials(app);
  const { refreshToken = '' } = await open(item.sealedTokens, item.connection, openingKey);
  return async (app) => {
    if (now() > deadline - ZOOM_TIMEOUT_SECONDS - STORE_SECONDS) throw noTimeLeft(item.connection);
    // RFC 6749 section 6: a response without a refresh token leaves the present one in force.
    return { refreshToken, ...(await zoom.refresh(app, refreshToken)) };
  };
}

/** A refresh token is not spent when its successor could not be stored any more. */
function noTimeLeft(connection: string): Failure {
  return new Failure(
    'retry',
    'no_time_left',
    `"${connection}" was not refreshed: too little time was left to store Zoom's response.`,
    'Nothing to do: the next sweep refreshes it.',
  );
}

function isSameApp(one: ZoomApp, other: ZoomApp): boolean {
  const { clientId, clientSecret, accountId } = one;
  return clientId === other.clientId && clientSecret === other.clientSecret && accountId === other.accountId;
}
