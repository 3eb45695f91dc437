import {
  createZoom,
  Failure,
  type OperatorResults,
  verifyZoomApp,
  type ZoomApp,
} from '../../../lambdas/operator-protocol.ts';
import { fetchThroughProxy } from '../../network/fetch.ts';
import { interruption } from '../../terminal/interruption.ts';
import { sanitizeText } from '../../terminal/sanitize.ts';
import type { AppCredentials } from './app-credentials.ts';

/**
 * Verifies the credentials at Zoom without using anything up. A Server-to-Server app gets one more access token, which
 * is discarded. A user app sends an impossible refresh token: Zoom responds `Invalid Token!` to valid credentials and
 * `invalid_client` to invalid ones.
 * @returns the scopes of the app, when Zoom's response contains them
 * @throws {Failure} `misconfigured` when the credentials are wrong, `retry` when Zoom's response decides nothing
 */
export async function verifyCredentials(
  credentials: AppCredentials,
  about: OperatorResults['about'],
): Promise<string | undefined> {
  let proxyFailure: Failure | undefined;
  const zoom = createZoom({
    oauthUrl: about.zoomOauthUrl,
    apiUrl: about.zoomApiUrl,
    redirectUri: about.redirectUrl,
    fetch: (url, init) =>
      fetchThroughProxy(url, { ...init, signal: AbortSignal.any([init.signal, interruption]) }).catch(
        (error) => {
          if (error instanceof Failure) proxyFailure = error;
          throw error;
        },
      ),
    now: () => Math.floor(Date.now() / 1000),
  });
  const { client_id: clientId, client_secret: clientSecret, account_id: accountId } = credentials;
  const app: ZoomApp = { clientId, clientSecret, ...(accountId !== undefined && { accountId }) };
  try {
    const scopes = await verifyZoomApp(app, zoom);
    return scopes === undefined ? undefined : sanitizeText(scopes);
  } catch (error) {
    interruption.throwIfAborted();
    // The domain knows no proxy, so it would say that Zoom is unreachable.
    if (proxyFailure) throw proxyFailure;
    if (!(error instanceof Failure)) throw error;
    throw error.class === 'misconfigured' ? credentialsRejected(error) : credentialsUnverified(error);
  }
}

/** Replaces the domain's action, which assumes that the credentials are already saved. */
function credentialsRejected({ code, message }: Failure): Failure {
  const action = ACTIONS[code] ?? 'Compare the credentials with the app in the Zoom App Marketplace.';
  return new Failure('misconfigured', code, message, action);
}

const ACTIONS: Partial<Record<string, string>> = {
  invalid_client:
    'Nothing was saved. Copy both again from App Credentials; development and production have different ones.',
  invalid_account: 'Nothing was saved. Copy the Account ID again from App Credentials.',
  unsupported_grant:
    'Nothing was saved. Choose the other type: --grant user for a General App, --grant s2s for a Server-to-Server app.',
};

function credentialsUnverified({ code, message }: Failure): Failure {
  return new Failure(
    'retry',
    code,
    `The credentials could not be verified. ${message}`,
    'Nothing was saved. Retry, or save them unverified: --no-check.',
  );
}
