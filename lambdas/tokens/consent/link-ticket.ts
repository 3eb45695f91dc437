import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Dependencies } from '../dependencies.ts';
import { Failure } from '../errors.ts';

/** For how long a link may be opened, and then for how long a consent may take; seconds. */
export const LINK_SECONDS = 10 * 60;

export type LinkDependencies = Pick<Dependencies, 'keyring' | 'now' | 'linkSeconds'>;

/** An operator's permission to connect, opened once in a browser. */
export interface LinkTicket {
  /** One use: whoever accepts the ticket notes it. */
  id: string;
  connection: string;
  app: string;
  /** May the connection go to another Zoom user than the one who consented before? */
  replaceUser?: boolean;
  /** Epoch seconds. */
  expiresAt: number;
}

/** A ticket on its way, by the names of RFC 7519. */
interface LinkTicketClaims {
  jti: string;
  sub: string;
  app: string;
  replaceUser?: boolean;
  exp: number;
}

/** Signs a one-time ticket (JWS, HS256). */
export async function signLinkTicket(
  { connection, app, replaceUser = false }: Pick<LinkTicket, 'connection' | 'app' | 'replaceUser'>,
  { keyring, now, linkSeconds }: LinkDependencies,
): Promise<{ ticket: string; expiresAt: number }> {
  const keys = await keyring();
  const expiresAt = now() + linkSeconds;
  const ticket = await new SignJWT({ app, ...(replaceUser && { replaceUser }) })
    .setProtectedHeader({ alg: 'HS256', kid: keys.id })
    .setAudience('connect')
    .setSubject(connection)
    .setJti(randomUUID())
    .setExpirationTime(expiresAt)
    .sign(keys.signing);
  return { ticket, expiresAt };
}

/** @throws {Failure} `rejected`: `ticket_invalid` or `ticket_expired` */
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
      throw new Failure('rejected', 'ticket_expired', 'This link has expired.', NEW_LINK);
    }
    if (error instanceof errors.JOSEError || isUnknownKey(error)) {
      throw new Failure(
        'rejected',
        'ticket_invalid',
        'This link is not one of ours, or it is incomplete.',
        NEW_LINK,
      );
    }
    throw error;
  }
}

export const NEW_LINK = 'Ask the operator for a new link (zoom-tokens connect) and open it in this browser.';

/** A forged `kid` must look like any other forgery, not like a broken installation. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof Failure && error.code === 'unknown_key';
}
