import type { Connection, Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { open } from '../sealing/seal.ts';
import { STORE_SECONDS, ZOOM_TIMEOUT_SECONDS } from '../time-budget.ts';
import type { ZoomApp } from '../vault.ts';

/**
 * Requests new tokens from Zoom, and once more if the operator has replaced the app's credentials since they were last
 * read.
 * @param deadline when the function ends, epoch seconds
 */
export async function requestTokens(item: Connection, deps: Dependencies, deadline: number): Promise<Tokens> {
  const request = await prepareRequest(item, deps, deadline);
  const app = await deps.vault.app(item.app);
  try {
    return await request(app);
  } catch (error) {
    const isRefused = error instanceof Failure && error.class !== 'retry';
    if (!isRefused) throw error;
    const fresh = await deps.vault.app(item.app, { fresh: true });
    if (isSameApp(fresh, app)) throw error;
    return request(fresh);
  }
}

/** Returns the request of the connection's grant. Whatever could fail before it is sent is done here. */
async function prepareRequest(
  item: Connection,
  { zoom, keyring, now }: Dependencies,
  deadline: number,
): Promise<(app: ZoomApp) => Promise<Tokens>> {
  if (item.grantType === 'account_credentials') return (app) => zoom.accountCredentials(app);
  const { refreshToken = '' } = await open(item.sealedTokens, item.connection, keyring);
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
