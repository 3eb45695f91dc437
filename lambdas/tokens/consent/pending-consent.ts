import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from 'jose';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { isUnknownKey, type LinkDependencies, NEW_LINK } from './link-ticket.ts';

/** A consent in progress, which the browser keeps between `/connect` and `/callback`. */
export interface PendingConsent {
  /** The id of the link that began it. */
  link: string;
  connection: string;
  app: string;
  replaceUser?: boolean;
  state: string;
  codeVerifier: string;
}

/** A finished consent. It replaces the pending one in the browser, which needs no code verifier any more. */
export interface FinishedCookie extends Pick<PendingConsent, 'link' | 'connection' | 'state'> {
  /** The connection that has the tokens. */
  connectedAs: string;
}

/**
 * For how long a browser recognizes a finished consent; seconds. It restores yesterday's tabs, and `state` ties the cookie
 * to one address, so a day costs nothing.
 */
export const FINISHED_SECONDS = 24 * 60 * 60;

/** Encrypts a consent in progress for the browser's cookie (JWE, `dir` and A256GCM; RFC 7516). */
export function sealPendingConsent(consent: PendingConsent, deps: LinkDependencies): Promise<string> {
  return sealCookie('consent', consent, deps.linkSeconds, deps);
}

/** Encrypts a finished consent, as `sealPendingConsent` does. */
export function sealFinishedConsent(
  { link, connection, state }: PendingConsent,
  connectedAs: string,
  deps: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<string> {
  return sealCookie('finished', { link, connection, state, connectedAs }, FINISHED_SECONDS, deps);
}

async function sealCookie(
  audience: 'consent' | 'finished',
  { link, connection, ...claims }: PendingConsent | FinishedCookie,
  seconds: number,
  { keyring, now }: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<string> {
  const keys = await keyring();
  return new EncryptJWT(claims)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keys.id })
    .setAudience(audience)
    .setSubject(connection)
    .setJti(link)
    .setExpirationTime(now() + seconds)
    .encrypt(keys.cookie);
}

/**
 * Decrypts the cookie of a consent, in progress or finished.
 * @throws {Failure} `rejected` (`consent_expired`, `consent_unknown`)
 */
export async function openConsentCookie(
  sealed: string,
  { keyring, now }: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<PendingConsent | FinishedCookie> {
  try {
    const { payload } = await jwtDecrypt<CookieClaims>(
      sealed,
      async ({ kid }) => (await keyring(kid ?? '')).cookie,
      {
        audience: ['consent', 'finished'],
        requiredClaims: ['sub', 'jti', 'state', 'exp'],
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        currentDate: new Date(now() * 1000),
      },
    );
    return readClaims(payload);
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

type CookieClaims = JWTPayload & { sub: string; jti: string } & Omit<PendingConsent, 'link' | 'connection'> &
  Pick<FinishedCookie, 'connectedAs'>;

function readClaims(payload: CookieClaims): PendingConsent | FinishedCookie {
  const { aud, sub: connection, jti: link, state } = payload;
  if (aud === 'finished') return { link, connection, state, connectedAs: payload.connectedAs };
  const { app, replaceUser = false, codeVerifier } = payload;
  return { link, connection, app, replaceUser, state, codeVerifier };
}
