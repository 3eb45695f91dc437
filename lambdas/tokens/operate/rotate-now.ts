import { assertName, type Connection } from '../connection.ts';
import { assertGrant } from '../consent/consent.ts';
import { signLinkTicket } from '../consent/link-ticket.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { expression, secretName } from '../rotation/publish.ts';
import { type Outcome, type StepOptions, step } from '../rotation/step.ts';

/** A connection as a person may see it: no token, sealed or not. Instants are epoch seconds. */
export type ConnectionView = Omit<Connection, 'sealedTokens' | 'consentId' | 'leaseOwner' | 'leaseUntil'> & {
  secretName: string;
  expression: string;
};

/**
 * A one-time link that connects a user app; it opens once, for ten minutes. `generation` is the connection's before,
 * 0 where there is none: the consent is done once it is higher.
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

/** @throws {Failure} `rejected` when there is no such connection */
export async function viewConnection(
  connection: string,
  { store }: Pick<Dependencies, 'store'>,
): Promise<ConnectionView> {
  return toView(await getConnectionOrThrow(connection, store));
}

/** One connection, or all of them in the order of their names. */
export async function listConnections(
  connection: string | undefined,
  deps: Pick<Dependencies, 'store'>,
): Promise<ConnectionView[]> {
  if (connection !== undefined) return [await viewConnection(connection, deps)];
  const items = await deps.store.list();
  return items.map(toView).sort((a, b) => a.connection.localeCompare(b.connection));
}

/** Rotates now, due or not. */
export async function rotateNow(
  connection: string,
  deps: Dependencies,
  options: StepOptions,
): Promise<{ before: ConnectionView; after: ConnectionView; outcome: Outcome['kind'] }> {
  const before = await getConnectionOrThrow(connection, deps.store);
  if (before.status === 'reconnect' || before.status === 'disconnected') {
    throw new Failure(
      'rejected',
      'not_connected',
      `"${connection}" cannot be rotated: it is in the state "${before.status}".`,
      `Connect it again: zoom-tokens connect ${connection}.`,
    );
  }
  const outcome = await step(connection, deps, { ...options, early: true });
  if (outcome.kind === 'failed') throw outcome.error;
  if (outcome.kind === 'nothing') {
    throw new Failure(
      'retry',
      'busy',
      `"${connection}" is being rotated at this moment by somebody else.`,
      'Look at its status in a minute.',
    );
  }
  return {
    before: toView(before),
    after: toView(await getConnectionOrThrow(connection, deps.store)),
    outcome: outcome.kind,
  };
}

export async function getConnectionOrThrow(
  connection: string,
  store: Dependencies['store'],
): Promise<Connection> {
  assertName('connection', connection);
  const item = await store.get(connection);
  if (item) return item;
  throw new Failure(
    'rejected',
    'unknown_connection',
    `There is no connection "${connection}".`,
    'See zoom-tokens status for the ones there are, or make it: zoom-tokens connect.',
  );
}

export function toView({
  sealedTokens: _,
  consentId: __,
  leaseOwner: ___,
  leaseUntil: ____,
  ...item
}: Connection): ConnectionView {
  return { ...item, secretName: secretName(item.connection), expression: expression(item.connection) };
}
