import type { Tokens } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';

/**
 * Ends at Zoom what these tokens open. Zoom documents it for access tokens; the refresh token, where there is one,
 * is named too, because the access token may have ended before it.
 * @throws {Failure} where Zoom does not confirm it
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
