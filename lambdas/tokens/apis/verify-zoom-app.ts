import { Failure } from '../errors.ts';
import type { ZoomApp } from '../vault.ts';
import type { Zoom } from './zoom.ts';

/** A refresh token that Zoom never issued. */
const NO_REFRESH_TOKEN = 'no-refresh-token';

/**
 * Checks an app's credentials at Zoom. A Server-to-Server app gets one more token, which changes nothing for those that it
 * has. For a user app, a refresh token that cannot exist is sent: Zoom refuses the token of a client that it knows, and the
 * client otherwise.
 * @returns the scopes of a Server-to-Server app, where Zoom names them
 * @throws {Failure} what is wrong with the credentials, or why Zoom could not be asked
 */
export async function verifyZoomApp(app: ZoomApp, zoom: Zoom): Promise<string | undefined> {
  if (app.accountId !== undefined) return (await zoom.accountCredentials(app)).scope;
  await zoom.refresh(app, NO_REFRESH_TOKEN).catch((error) => {
    if (!(error instanceof Failure) || error.class !== 'reconnect') throw error;
  });
  return undefined;
}
