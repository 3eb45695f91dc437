import { ROUTES } from '../../contract.ts';
import { assertName, type Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { assertGrant } from './assert-grant.ts';
import { signLinkTicket } from './link-ticket.ts';

/**
 * Creates a one-time link that connects a user app.
 * @param publicUrl origin of the HTTP API
 * @returns the link and its `id`, `expiresAt` in epoch seconds, and the connection's current `generation`, 0 without one. A higher generation means
 * that the consent is complete.
 * @throws {Failure} `rejected` (`invalid_name`, `other_grant`), or `misconfigured` when the app has no credentials
 */
export async function createLink(
  {
    connection,
    app,
    replaceUser = false,
  }: Pick<Connection, 'connection' | 'app'> & { replaceUser?: boolean },
  deps: Dependencies,
  publicUrl: string,
): Promise<{ link: string; id: string; expiresAt: number; generation: number }> {
  assertName('connection', connection);
  assertName('app', app);
  const existing = await assertGrant(connection, 'authorization_code', deps);
  await deps.vault.app(app, { fresh: true });
  const { ticket, id, expiresAt } = await signLinkTicket({ connection, app, replaceUser }, deps);
  const generation = existing?.generation ?? 0;
  return { link: `${publicUrl}${ROUTES.link}?ticket=${ticket}`, id, expiresAt, generation };
}
