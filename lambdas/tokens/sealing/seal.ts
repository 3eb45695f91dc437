import { decodeProtectedHeader, EncryptJWT, errors, jwtDecrypt } from 'jose';
import type { Tokens } from '../connection.ts';
import { Failure } from '../errors.ts';
import type { OpeningKey } from './sealing-keyring.ts';
import type { SealingKey } from './sealing-pair.ts';

const KEY_MANAGEMENT = 'ECDH-ES';
const CONTENT_ENCRYPTION = 'A256GCM';

/**
 * Seals tokens for one connection (JWE, RFC 7516: `ECDH-ES` over X25519, RFC 7518 section 4.6, and A256GCM). The claim `sub`
 * binds them to the connection. Only the private half opens them.
 */
export async function seal(tokens: Tokens, connection: string, { id, key }: SealingKey): Promise<string> {
  return new EncryptJWT({ tokens })
    .setProtectedHeader({ alg: KEY_MANAGEMENT, enc: CONTENT_ENCRYPTION, kid: id })
    .setSubject(connection)
    .encrypt(key);
}

/**
 * Opens tokens that were sealed for this connection with the current or the previous key.
 * @throws {Failure} `reconnect` (`unreadable_tokens`) when they were altered, truncated or sealed for another connection;
 * `misconfigured` (`unknown_key`)
 */
export async function open(sealed: string, connection: string, openingKey: OpeningKey): Promise<Tokens> {
  try {
    const { payload } = await jwtDecrypt<{ tokens: Tokens }>(sealed, ({ kid }) => openingKey(kid ?? ''), {
      subject: connection,
      keyManagementAlgorithms: [KEY_MANAGEMENT],
      contentEncryptionAlgorithms: [CONTENT_ENCRYPTION],
    });
    return payload.tokens;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      throw new Failure(
        'reconnect',
        'unreadable_tokens',
        `The stored tokens of "${connection}" cannot be opened: they were altered, truncated or moved.`,
        `Connect it again: npx zoom-tokens connect ${connection}.`,
      );
    }
    throw error;
  }
}

/** Returns whether `open` failed for the tokens' own sake. A key that cannot be read now says nothing about them. */
export const isUnopenable = (error: unknown): boolean =>
  error instanceof Failure && (error.code === 'unreadable_tokens' || error.code === 'unknown_key');

/** Returns the id of the key with which tokens were sealed, without opening them; `undefined` for what is no JWE. */
export function sealedWith(sealed: string): string | undefined {
  try {
    return decodeProtectedHeader(sealed).kid;
  } catch {
    return undefined;
  }
}
