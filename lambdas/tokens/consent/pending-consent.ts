import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { isUnknownKey, type LinkDependencies, NEW_LINK } from './link-ticket.ts';

/** A consent in progress, which the browser keeps between `/connect` and `/callback`. */
export interface PendingConsent {
  connection: string;
  app: string;
  replaceUser?: boolean;
  state: string;
  codeVerifier: string;
}

/** Encrypts a consent in progress for the browser's cookie (JWE, `dir` and A256GCM; RFC 7516). */
export async function sealPendingConsent(
  { connection, ...consent }: PendingConsent,
  { keyring, now, linkSeconds }: LinkDependencies,
): Promise<string> {
  const keys = await keyring();
  return new EncryptJWT(consent)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keys.id })
    .setAudience('consent')
    .setSubject(connection)
    .setExpirationTime(now() + linkSeconds)
    .encrypt(keys.cookie);
}

/**
 * Decrypts the cookie of a consent in progress.
 * @throws {Failure} `rejected` (`consent_expired`, `consent_unknown`)
 */
export async function openPendingConsent(
  sealed: string,
  { keyring, now }: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<PendingConsent> {
  try {
    const { payload } = await jwtDecrypt<Omit<PendingConsent, 'connection'> & { sub: string }>(
      sealed,
      async ({ kid }) => (await keyring(kid ?? '')).cookie,
      {
        audience: 'consent',
        requiredClaims: ['sub', 'app', 'state', 'codeVerifier', 'exp'],
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        currentDate: new Date(now() * 1000),
      },
    );
    const { sub: connection, app, replaceUser = false, state, codeVerifier } = payload;
    return { connection, app, replaceUser, state, codeVerifier };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new Failure('rejected', 'consent_expired', 'The sign-in at Zoom took too long.', NEW_LINK);
    }
    if (error instanceof errors.JOSEError || isUnknownKey(error)) {
      throw new Failure('rejected', 'consent_unknown', 'This browser did not start the sign-in.', NEW_LINK);
    }
    throw error;
  }
}
