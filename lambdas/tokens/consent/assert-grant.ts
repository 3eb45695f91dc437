import type { Connection, GrantType } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';

/**
 * Returns the connection as it is, `undefined` where there is none.
 * @throws {Failure} `rejected` when the connection lives with another grant
 */
export async function assertGrant(
  connection: string,
  grantType: GrantType,
  { store }: Pick<Dependencies, 'store'>,
): Promise<Connection | undefined> {
  const existing = await store.get(connection);
  const isFree = !existing || existing.status === 'disconnected' || existing.grantType === grantType;
  if (isFree) return existing;
  throw new Failure(
    'rejected',
    'other_grant',
    `"${connection}" is connected with the grant ${existing.grantType}.`,
    'Choose another name.',
  );
}
