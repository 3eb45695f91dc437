import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from 'jose';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import type { StoredLink } from '../store/links.ts';
import { consentTimedOut } from './link-outcome.ts';
import { isUnknownKey, NEW_LINK } from './link-ticket.ts';

/** The state of a consent that the browser keeps between `/connect` and `/callback`. */
export interface ConsentCookie {
  /** The id of the link that began it. */
  link: string;
  state: string;
  codeVerifier: string;
}

/** A consent in progress: the browser's part, and what its link says. */
export interface PendingConsent
  extends ConsentCookie,
    Pick<StoredLink, 'connection' | 'app' | 'replaceUser' | 'forMe' | 'place'> {}

/** A finished consent. It replaces the pending one in the browser, which needs no code verifier any more. */
export interface FinishedCookie extends Pick<ConsentCookie, 'link' | 'state'> {
  /** The connection that has the tokens. */
  connectedAs: string;
}

/**
 * For how long a browser recognizes a finished consent; seconds. It restores yesterday's tabs, and `state` ties the cookie
 * to one address, so a day costs nothing.
 */
export const FINISHED_SECONDS = 24 * 60 * 60;

/**
 * Encrypts a consent in progress for the browser's cookie (JWE, `dir` and A256GCM; RFC 7516).
 * @param until when the consent must be complete, epoch seconds
 */
export function sealPendingConsent(
  { link, state, codeVerifier }: ConsentCookie,
  until: number,
  deps: Pick<Dependencies, 'keyring'>,
): Promise<string> {
  return sealCookie('consent', { link, state, codeVerifier }, until, deps);
}

/** Encrypts a finished consent, as `sealPendingConsent` does. */
export function sealFinishedConsent(
  { link, state }: ConsentCookie,
  connectedAs: string,
  deps: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<string> {
  return sealCookie('finished', { link, state, connectedAs }, deps.now() + FINISHED_SECONDS, deps);
}

async function sealCookie(
  audience: 'consent' | 'finished',
  { link, ...claims }: ConsentCookie | FinishedCookie,
  until: number,
  { keyring }: Pick<Dependencies, 'keyring'>,
): Promise<string> {
  const keys = await keyring();
  return new EncryptJWT(claims)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keys.id })
    .setAudience(audience)
    .setJti(link)
    .setExpirationTime(until)
    .encrypt(keys.cookie);
}

/**
 * Decrypts the cookie of a consent, in progress or finished.
 * @throws {Failure} `rejected` (`consent_expired`, `consent_unknown`)
 */
export async function openConsentCookie(
  sealed: string,
  { keyring, now }: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<ConsentCookie | FinishedCookie> {
  try {
    const { payload } = await jwtDecrypt<CookieClaims>(
      sealed,
      async ({ kid }) => (await keyring(kid ?? '')).cookie,
      {
        audience: ['consent', 'finished'],
        requiredClaims: ['jti', 'state', 'exp'],
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        currentDate: new Date(now() * 1000),
      },
    );
    return readClaims(payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw consentTimedOut();
    }
    if (error instanceof errors.JOSEError || isUnknownKey(error)) {
      throw new Failure('rejected', 'consent_unknown', 'This browser did not start the sign-in.', NEW_LINK);
    }
    throw error;
  }
}

type CookieClaims = JWTPayload & { jti: string } & Omit<ConsentCookie, 'link'> &
  Pick<FinishedCookie, 'connectedAs'>;

function readClaims({ aud, jti: link, state, codeVerifier, connectedAs }: CookieClaims) {
  return aud === 'finished' ? { link, state, connectedAs } : { link, state, codeVerifier };
}
