import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';

/** For how long a link can be used, and then for how long a consent may take; seconds. */
export const LINK_SECONDS = 10 * 60;

export type LinkDependencies = Pick<Dependencies, 'keyring' | 'now' | 'linkSeconds'>;

/** An operator's permission to connect, which a browser can use once. */
export interface LinkTicket {
  /** The store records its use, so that the ticket cannot be used again. */
  id: string;
  connection: string;
  app: string;
  /** Whether a different Zoom user may take the connection over. */
  replaceUser?: boolean;
  /** Epoch seconds. */
  expiresAt: number;
}

/** The claims of a ticket (RFC 7519). */
interface LinkTicketClaims {
  jti: string;
  sub: string;
  app: string;
  replaceUser?: boolean;
  exp: number;
}

/**
 * Signs a one-time ticket (JWS, HS256; RFC 7515).
 * @returns `expiresAt` in epoch seconds
 */
export async function signLinkTicket(
  { connection, app, replaceUser = false }: Pick<LinkTicket, 'connection' | 'app' | 'replaceUser'>,
  { keyring, now, linkSeconds }: LinkDependencies,
): Promise<{ ticket: string; id: string; expiresAt: number }> {
  const keys = await keyring();
  const expiresAt = now() + linkSeconds;
  const id = randomUUID();
  const ticket = await new SignJWT({ app, ...(replaceUser && { replaceUser }) })
    .setProtectedHeader({ alg: 'HS256', kid: keys.id })
    .setAudience('connect')
    .setSubject(connection)
    .setJti(id)
    .setExpirationTime(expiresAt)
    .sign(keys.signing);
  return { ticket, id, expiresAt };
}

/**
 * Verifies a ticket and returns its content. It does not check whether the ticket was used.
 * @throws {Failure} `rejected` (`ticket_invalid`, `ticket_expired`)
 */
export async function verifyLinkTicket(
  ticket: string,
  { keyring, now }: Pick<Dependencies, 'keyring' | 'now'>,
): Promise<LinkTicket> {
  try {
    const { payload } = await jwtVerify<LinkTicketClaims>(
      ticket,
      async ({ kid }) => (await keyring(kid ?? '')).signing,
      {
        algorithms: ['HS256'],
        audience: 'connect',
        requiredClaims: ['sub', 'jti', 'exp', 'app'],
        currentDate: new Date(now() * 1000),
      },
    );
    const { jti: id, sub: connection, app, replaceUser = false, exp: expiresAt } = payload;
    return { id, connection, app, replaceUser, expiresAt };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new Failure('rejected', 'ticket_expired', 'This link was not used in time.', NEW_LINK);
    }
    if (error instanceof errors.JOSEError || isUnknownKey(error)) {
      throw new Failure(
        'rejected',
        'ticket_invalid',
        'This link is incomplete, or this installation did not create it.',
        NEW_LINK,
      );
    }
    throw error;
  }
}

export const NEW_LINK = 'Ask the person who sent you the link for a new one, and open it in this browser.';

/** Returns whether the key id is unknown. A forged id must be refused like any forgery, not as a broken installation. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof Failure && error.code === 'unknown_key';
}
