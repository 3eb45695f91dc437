// By themselves: the index of the package would make the link's page load what encrypts.
import * as errors from 'jose/errors';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';
import { MAX_LINK_SECONDS } from './link-life.ts';

/** The claims of a ticket: which link it opens, and until when. The stored link says what it connects. */
export interface LinkTicket {
  /** Id of the stored link. */
  id: string;
  /** Epoch seconds. */
  expiresAt: number;
}

/**
 * Signs the ticket of a link (JWS, HS256; RFC 7515).
 * @returns the ticket and the id of the key that signed it
 */
export async function signLinkTicket(
  { id, expiresAt }: LinkTicket,
  { keyring }: Pick<Dependencies, 'keyring'>,
): Promise<{ ticket: string; keyId: string }> {
  // A key that was replaced minutes ago opens nothing elsewhere.
  const keys = await keyring(undefined, { fresh: true });
  const ticket = await new SignJWT()
    .setProtectedHeader({ alg: 'HS256', kid: keys.id })
    .setAudience('connect')
    .setJti(id)
    .setExpirationTime(expiresAt)
    .sign(keys.signing);
  return { ticket, keyId: keys.id };
}

/**
 * Verifies a ticket and returns its content. It does not check whether there is such a link.
 * @throws {Failure} `rejected` (`ticket_invalid`, `ticket_expired`)
 */
export async function verifyLinkTicket(
  ticket: string,
  { keyring, now }: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<LinkTicket> {
  try {
    const { payload } = await jwtVerify<{ jti: string; exp: number }>(
      ticket,
      async ({ kid }) => (await keyring(kid ?? '')).signing,
      {
        algorithms: ['HS256'],
        audience: 'connect',
        requiredClaims: ['jti', 'exp'],
        currentDate: new Date(now() * 1000),
      },
    );
    const { jti: id, exp: expiresAt } = payload;
    // No link lives longer, so this installation did not sign it.
    if (expiresAt > now() + MAX_LINK_SECONDS + MAX_SKEW_SECONDS) throw ticketInvalid();
    return { id, expiresAt };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw ticketExpired();
    if (error instanceof errors.JOSEError || isUnknownKey(error)) throw ticketInvalid();
    throw error;
  }
}

/** How far the clocks of two functions may differ. */
const MAX_SKEW_SECONDS = 60;

export const NEW_LINK = 'Ask the person who sent you the link for a new one, and open it in this browser.';

/** Error for a link that was not used in time. */
export function ticketExpired(): Failure {
  return new Failure('rejected', 'ticket_expired', 'This link was not used in time.', NEW_LINK);
}

/** Error for a link that this installation did not make, or does not know any more. */
export function ticketInvalid(): Failure {
  return new Failure(
    'rejected',
    'ticket_invalid',
    'This link is incomplete, or it is no longer valid.',
    NEW_LINK,
  );
}

/** Returns whether the key id is unknown. A forged id must be refused like any forgery, not as a broken installation. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof Failure && error.code === 'unknown_key';
}
