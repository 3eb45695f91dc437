import type { CallbackDependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import type { ZoomApp } from '../vault.ts';
import { identifyZoomUser, revokeUnused } from './zoom-user.ts';

/**
 * Returns the failure of a consent without a refresh token: nothing is stored, because the connection would end within the
 * hour. The access token is revoked where that ends nothing else.
 * @param app name of the Zoom app
 * @param deadline when the function ends, epoch seconds
 */
export async function noRefreshToken(
  accessToken: string,
  { app, credentials }: { app: string; credentials: ZoomApp },
  deps: CallbackDependencies,
  deadline: number,
): Promise<Failure> {
  const { user } = await identifyZoomUser(accessToken, { isBound: false, deadline }, deps);
  // A revocation may end everything that the user and the app share, so it waits until the user is known to have nothing.
  const isUnused =
    user && (await deps.store.holderOf(app, user.id, deps.now()).catch(() => 'unknown')) === undefined;
  if (isUnused) await revokeUnused([accessToken], credentials, deps, deadline);
  return new Failure(
    'misconfigured',
    'no_refresh_token',
    'Zoom granted an access token without a refresh token. The connection would end within the hour, so nothing was stored.',
    'Check in the Zoom App Marketplace that the app is a General App and user-managed, and that its credentials are those of the app secret. Then ask for a new link.',
  );
}
