import type { Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { assertName } from '../names.ts';
import type { StepOptions } from '../rotation/outcome.ts';
import { step } from '../rotation/step.ts';
import { assertGrant } from './assert-grant.ts';
import { assertPlace } from './choose-place.ts';
import { type ConnectResult, connect, withManualRetry } from './connect.ts';

/**
 * Connects a Server-to-Server app, which needs no consent.
 * https://developers.zoom.us/docs/internal-apps/s2s-oauth/
 * @throws {Failure} `rejected` (`invalid_name`, `other_grant`), `misconfigured` when the app cannot get a token, or `retry`
 * when Zoom is unavailable
 */
export async function connectServerToServer(
  { connection, app, place }: Pick<Connection, 'connection' | 'app' | 'place'>,
  deps: Dependencies,
  options: StepOptions,
): Promise<ConnectResult> {
  assertName('connection', connection);
  assertName('app', app);
  const existing = await assertGrant(connection, 'account_credentials', deps);
  await assertPlace(connection, place, existing, deps);
  const credentials = await deps.vault.app(app, { fresh: true });
  if (!credentials.accountId) throw accountIdMissing(app);
  // Whatever could fail after Zoom's response is fetched before.
  await deps.sealingKey();
  const tokens = await deps.zoom
    .accountCredentials(credentials)
    .catch(withManualRetry('Nothing was changed. Run the command again in a few minutes.'));
  const grant = { connection, app, grantType: 'account_credentials', tokens, user: undefined } as const;
  const seen = existing?.generation ?? 0;
  const { clientId } = credentials;
  return connect(
    { ...grant, ...(place && { place }), clientId, consentedAt: deps.now(), seen },
    () => step(connection, deps, { ...options, early: false }),
    deps,
    options.deadline,
  );
}

function accountIdMissing(app: string): Failure {
  return new Failure(
    'misconfigured',
    'account_id_missing',
    `The secret of the app "${app}" has no account_id, which a Server-to-Server app needs.`,
    'Add account_id to the app secret. The Zoom App Marketplace shows it under App Credentials.',
  );
}
