import { assertName, type Connection } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { assertGrant } from './assert-grant.ts';
import { signLinkTicket } from './link-ticket.ts';

/**
 * Creates a one-time link that connects a user app.
 * @returns `expiresAt` in epoch seconds; `generation` is the connection's at this moment, 0 where there is none: the
 * consent is done once it is higher
 * @throws {Failure} `rejected` for a bad name or another grant, `misconfigured` when the app has no credentials
 */
export async function createLink(
  {
    connection,
    app,
    replaceUser = false,
  }: Pick<Connection, 'connection' | 'app'> & { replaceUser?: boolean },
  deps: Dependencies,
  publicUrl: string,
): Promise<{ link: string; expiresAt: number; generation: number }> {
  assertName('connection', connection);
  assertName('app', app);
  const existing = await assertGrant(connection, 'authorization_code', deps);
  await deps.vault.app(app);
  const { ticket, expiresAt } = await signLinkTicket({ connection, app, replaceUser }, deps);
  const generation = existing?.generation ?? 0;
  return { link: `${publicUrl}/connect?ticket=${ticket}`, expiresAt, generation };
}
