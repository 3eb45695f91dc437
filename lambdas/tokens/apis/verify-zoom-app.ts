import { Failure } from '../errors.ts';
import type { ZoomApp } from '../vault.ts';
import type { Zoom } from './zoom.ts';

/** No app was ever given it. */
const NO_REFRESH_TOKEN = 'no-refresh-token';

/**
 * Does Zoom know the app? A Server-to-Server app gets a token, which changes nothing for those it has. Of a user
 * app Zoom is asked to refresh a token that cannot exist: to a client that it knows it says that the token is wrong.
 * @returns the scopes of the app, where Zoom tells them
 * @throws {Failure} what is wrong with the credentials, or why Zoom could not be asked
 */
export async function verifyZoomApp(app: ZoomApp, zoom: Zoom): Promise<string | undefined> {
  if (app.accountId !== undefined) return (await zoom.accountCredentials(app)).scope;
  await zoom.refresh(app, NO_REFRESH_TOKEN).catch((error) => {
    if (!(error instanceof Failure) || error.class !== 'reconnect') throw error;
  });
  return undefined;
}
