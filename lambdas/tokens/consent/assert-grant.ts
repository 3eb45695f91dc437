import { type Connection, type GrantType, isDisconnected } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { assertReadable } from '../get-connection.ts';

/**
 * Returns the existing connection, `undefined` without one.
 * @throws {Failure} `rejected` (`other_grant`) when the name is connected with another grant
 */
export async function assertGrant(
  connection: string,
  grantType: GrantType,
  { store }: Pick<Dependencies, 'store'>,
): Promise<Connection | undefined> {
  const existing = await store.get(connection);
  if (!existing) await assertReadable(connection, store);
  const isFree = !existing || isDisconnected(existing) || existing.grantType === grantType;
  if (isFree) return existing;
  throw new Failure(
    'rejected',
    'other_grant',
    `"${connection}" is already connected with the grant ${existing.grantType}.`,
    `Choose another name, or disconnect this one: npx zoom-tokens disconnect ${connection}.`,
  );
}
