import {
  createZoom,
  Failure,
  type OperatorResults,
  verifyZoomApp,
  type ZoomApp,
} from '../../../lambdas/operator-protocol.ts';
import { interruption } from '../../terminal/interruption.ts';
import type { AppSecret } from './app-credentials.ts';

/**
 * Asks Zoom whether it accepts the credentials. Spends nothing: a Server-to-Server app gets one more access token, which
 * is forgotten; of a user app the refusal tells, `invalid_client` from `Invalid Token!`.
 * @returns the scopes of the app, where Zoom tells them
 * @throws {Failure} `misconfigured` when they are wrong, `retry` when Zoom does not say
 */
export async function checkAtZoom(
  secret: AppSecret,
  about: OperatorResults['about'],
): Promise<string | undefined> {
  const zoom = createZoom({
    oauthUrl: about.zoomOauthUrl,
    apiUrl: about.zoomApiUrl,
    redirectUri: about.redirectUrl,
    fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.any([init.signal, interruption]) }),
    now: () => Math.floor(Date.now() / 1000),
  });
  const { client_id: clientId, client_secret: clientSecret, account_id: accountId } = secret;
  const app: ZoomApp = { clientId, clientSecret, ...(accountId !== undefined && { accountId }) };
  try {
    return await verifyZoomApp(app, zoom);
  } catch (error) {
    interruption.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    throw error.class === 'misconfigured' ? wrong(error) : unsure(error);
  }
}

/** Nothing is saved yet, which the domain's own advice cannot know. */
function wrong({ code, message }: Failure): Failure {
  return new Failure('misconfigured', code, message, ADVICE[code] ?? 'Compare it with the page of the app.');
}

const ADVICE: Record<string, string> = {
  invalid_client:
    'Nothing was saved. Copy both again from App Credentials, and mind that development and production differ.',
  invalid_account: 'Nothing was saved. Copy the Account ID again from App Credentials.',
  unsupported_grant:
    'Nothing was saved. Choose the other kind: --grant user for a General App, --grant s2s for a Server-to-Server app.',
};

function unsure({ code, message }: Failure): Failure {
  return new Failure(
    'retry',
    code,
    `The credentials could not be checked. ${message}`,
    'Nothing was saved. Try again, or save them unchecked: --no-check.',
  );
}
