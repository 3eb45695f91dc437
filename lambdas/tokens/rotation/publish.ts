import { createHash } from 'node:crypto';
import type { Connection, Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { roomAt } from '../publication-room.ts';
import { open } from '../sealing/seal.ts';

/** Secrets Manager's quota allows one version in this time; seconds. */
const FOREIGN_WRITES_SECONDS = 15 * 60;

/**
 * Publishes the access token of exactly this version. A repetition changes nothing.
 * @param tokens of this version, where the caller has just sealed them
 */
export async function publish(
  item: Connection,
  deps: Pick<Dependencies, 'vault' | 'openingKey' | 'now'>,
  tokens?: Tokens,
): Promise<void> {
  const { accessToken } = tokens ?? (await open(item.sealedTokens, item.connection, deps.openingKey));
  await publishToken(item, accessToken, deps);
}

/** Publishes an access token that the caller holds as that of exactly this version. A repetition changes nothing. */
export async function publishToken(
  item: Connection,
  accessToken: string,
  { vault, now }: Pick<Dependencies, 'vault' | 'now'>,
): Promise<void> {
  await vault.publish(item.connection, accessToken, versionId(item)).catch((error) => {
    throw error instanceof Failure && error.code === 'version_quota'
      ? waitForRoom(item, error, now())
      : error;
  });
}

/** Retries once there is room, or after a quarter of an hour if other writers have used it up. */
function waitForRoom(item: Connection, { class: failureClass, code, message, action }: Failure, now: number) {
  const wait = Math.max(FOREIGN_WRITES_SECONDS, roomAt(item.publications, now) - now);
  return new Failure(failureClass, code, message, action, wait);
}

/**
 * Names the publication. The instant is in it because a table that was made anew counts its versions anew, while
 * Secrets Manager still knows the old ones.
 */
function versionId({ connection, generation, version, rotatedAt }: Connection): string {
  return createHash('sha256').update([connection, generation, version, rotatedAt].join('/')).digest('hex');
}
