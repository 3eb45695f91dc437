import { type Connection, logContext, type Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { open } from '../sealing/seal.ts';
import { REVOKE_SECONDS, UNPUBLISH_SECONDS } from '../time-budget.ts';

/** Pause before the second attempt, milliseconds. */
const RETRY_PAUSE_MS = 1000;

/**
 * Revokes tokens at Zoom (RFC 7009). Zoom documents the revocation of access tokens. The refresh token is revoked too,
 * because the access token may have expired before it.
 * @throws {Failure} when Zoom does not confirm it
 */
export async function revoke(
  { accessToken, refreshToken }: Tokens,
  app: string,
  { vault, zoom }: Pick<Dependencies, 'vault' | 'zoom'>,
): Promise<void> {
  const credentials = await vault.app(app, { fresh: true });
  await zoom.revoke(credentials, accessToken);
  if (refreshToken !== undefined) await zoom.revoke(credentials, refreshToken);
}

/**
 * Revokes the stored tokens of a connection, with one retry. Never throws: a failure is logged.
 * @param deadline when the function ends, epoch seconds
 * @returns when Zoom confirmed it, epoch seconds; `undefined` without a confirmation
 */
export async function revokeStored(
  held: Connection,
  deps: Dependencies,
  deadline: number,
): Promise<number | undefined> {
  const { now, wait, keyring, log } = deps;
  const attempt = async () => {
    if (now() > deadline - REVOKE_SECONDS - UNPUBLISH_SECONDS) throw noTimeLeft();
    await revoke(await open(held.sealedTokens, held.connection, keyring), held.app, deps);
  };
  try {
    if (held.sealedTokens === '') return undefined;
    await attempt().catch(async (error) => {
      if (toFailure(error).class !== 'retry') throw error;
      // Unlike a refresh, a revocation may be repeated. Afterwards the tokens are erased.
      await wait(RETRY_PAUSE_MS);
      await attempt();
    });
    return now();
  } catch (error) {
    const { class: failureClass, code, message } = toFailure(error);
    log.warn(`Not revoked at Zoom. ${message}`, { ...logContext(held), class: failureClass, code });
    return undefined;
  }
}

function noTimeLeft(): Failure {
  return new Failure(
    'retry',
    'no_time_left',
    'Too little time was left for the request to Zoom.',
    'Remove the app at Zoom by hand.',
  );
}
