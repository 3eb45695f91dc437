import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { assertGrant } from './assert-grant.ts';

/**
 * Expects an app at which a user can consent. Zoom has no consent page for a Server-to-Server app, so that a link of one could
 * never be used.
 * @throws {Failure} `rejected` (`other_grant`), or `misconfigured` when the app has no credentials
 */
export async function assertUserApp(
  { connection, app }: { connection: string; app: string },
  deps: Pick<Dependencies, 'store' | 'vault'>,
): Promise<void> {
  // Of a connection with the other grant, that is to be said.
  await assertGrant(connection, 'authorization_code', deps);
  const { accountId } = await deps.vault.app(app, { fresh: true });
  if (accountId === undefined) return;
  throw new Failure(
    'rejected',
    'other_grant',
    `The app "${app}" is a Server-to-Server app: its secret has an account_id. Zoom asks no user for a consent to it.`,
    `Connect it without a link: npx zoom-tokens connect ${connection} --app ${app} --grant s2s. If it is a user app, write its secret without the account_id: npx zoom-tokens setup ${app}.`,
  );
}
