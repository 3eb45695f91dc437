import { createHash } from 'node:crypto';
import type { Connection, Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { open } from '../sealing/seal.ts';

/**
 * Publishes the access token of exactly this version. A repetition changes nothing.
 * @param tokens of this version, where the caller has just sealed them
 */
export async function publish(
  item: Connection,
  { vault, keyring }: Pick<Dependencies, 'vault' | 'keyring'>,
  tokens?: Tokens,
): Promise<void> {
  const { accessToken } = tokens ?? (await open(item.sealedTokens, item.connection, keyring));
  await vault.publish(item.connection, accessToken, versionId(item));
}

/**
 * Names the publication. The instant is in it because a table that was made anew counts its versions anew, while
 * Secrets Manager still knows the old ones.
 */
function versionId({ connection, generation, version, rotatedAt }: Connection): string {
  return createHash('sha256').update([connection, generation, version, rotatedAt].join('/')).digest('hex');
}
