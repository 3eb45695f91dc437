import { type Connection, logContext, type Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { isOwnApp, type Owned, otherApp } from '../own-app.ts';
import { open } from '../sealing/seal.ts';
import { DISCONNECT_SECONDS } from '../time-budget.ts';
import { warnOfFailure } from '../warn-of-failure.ts';

/** Pause before the second attempt, milliseconds. */
const RETRY_PAUSE_MS = 1000;

/**
 * Revokes tokens at Zoom (RFC 7009). Zoom documents the revocation of access tokens. The refresh token is revoked too,
 * because the access token may have expired before it.
 * @throws {Failure} when Zoom does not confirm it; `misconfigured` (`other_app`) when the credentials are another app's
 */
export async function revoke(
  { accessToken, refreshToken }: Tokens,
  owned: Owned,
  { vault, zoom }: Pick<Dependencies, 'vault' | 'zoom'>,
): Promise<void> {
  const credentials = await vault.app(owned.app, { fresh: true });
  // Zoom calls the tokens of another app invalid, as it does those that it has revoked.
  if (!isOwnApp(owned, credentials)) throw otherApp(owned);
  await zoom.revoke(credentials, accessToken);
  if (refreshToken !== undefined) await zoom.revoke(credentials, refreshToken);
}

/**
 * Revokes the stored tokens of a connection, with one retry. Never throws: a failure is logged.
 * @param deadline when the function ends, epoch seconds
 * @returns when Zoom's API refused the access token, epoch seconds; `undefined` if it did not
 */
export async function revokeStored(
  held: Connection,
  deps: Dependencies,
  deadline: number,
): Promise<number | undefined> {
  const { sealedTokens, connection } = held;
  if (sealedTokens === '') return undefined;
  return revokeTokens(held, () => open(sealedTokens, connection, deps.openingKey), deps, deadline);
}

/** Revokes an access token that n8n reads and that is not stored, as `revokeStored` does. */
export const revokePublished = (
  held: Connection,
  accessToken: string,
  deps: Dependencies,
  deadline: number,
) => revokeTokens(held, async () => ({ accessToken, expiresAt: Infinity }), deps, deadline);

async function revokeTokens(
  held: Connection,
  read: () => Promise<Tokens>,
  deps: Dependencies,
  deadline: number,
): Promise<number | undefined> {
  const { now, wait, log } = deps;
  const attempt = async () => {
    if (now() > deadline - DISCONNECT_SECONDS) throw noTimeLeft();
    const tokens = await read();
    await revoke(tokens, held, deps);
    await assertRefused(tokens, deps);
  };
  try {
    await attempt().catch(async (error) => {
      if (toFailure(error).class !== 'retry') throw error;
      // Unlike a refresh, a revocation may be repeated. Afterwards the tokens are erased.
      await wait(RETRY_PAUSE_MS);
      await attempt();
    });
    return now();
  } catch (error) {
    warnOfFailure(log, 'Not revoked at Zoom.', error, logContext(held));
    return undefined;
  }
}

/** Zoom's "success" is not enough: its API must refuse the access token, where that has not expired by itself. */
async function assertRefused(
  { accessToken, expiresAt }: Tokens,
  { zoom, now }: Pick<Dependencies, 'zoom' | 'now'>,
): Promise<void> {
  if (expiresAt <= now() || (await zoom.accepts(accessToken)).accepted === 'no') return;
  throw new Failure(
    'retry',
    'not_revoked',
    'Zoom confirmed the revocation, but its API does not refuse the access token.',
    'The access token works until it expires, at most an hour.',
  );
}

function noTimeLeft(): Failure {
  return new Failure(
    'retry',
    'no_time_left',
    'Too little time was left for the request to Zoom.',
    'Remove the app at Zoom by hand.',
  );
}
