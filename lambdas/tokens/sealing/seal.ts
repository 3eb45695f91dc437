import { type CryptoKey, EncryptJWT, errors, jwtDecrypt } from 'jose';
import type { Tokens } from '../connection.ts';
import { Failure } from '../errors.ts';
import type { Keyring, Keys } from './keyring.ts';

/** Caches the imported keys, because jose would otherwise import the key at each operation. */
const imported = new WeakMap<Uint8Array, Promise<CryptoKey>>();

function webKey(key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const known =
    imported.get(key) ?? crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  imported.set(key, known);
  return known;
}

/** Seals tokens for one connection (JWE, RFC 7516: `dir` and A256GCM). The claim `sub` binds them to the connection. */
export async function seal(tokens: Tokens, connection: string, keys: Keys): Promise<string> {
  return new EncryptJWT({ tokens })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keys.id })
    .setSubject(connection)
    .encrypt(await webKey(keys.sealing));
}

/**
 * Opens tokens that were sealed for this connection with the current or the previous key.
 * @throws {Failure} `reconnect` (`unreadable_tokens`) when they were altered, truncated or sealed for another connection;
 * `misconfigured` (`unknown_key`)
 */
export async function open(sealed: string, connection: string, keyring: Keyring): Promise<Tokens> {
  try {
    const { payload } = await jwtDecrypt<{ tokens: Tokens }>(
      sealed,
      async ({ kid }) => webKey((await keyring(kid ?? '')).sealing),
      { subject: connection, keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    );
    return payload.tokens;
  } catch (error) {
    if (error instanceof errors.JOSEError) {
      throw new Failure(
        'reconnect',
        'unreadable_tokens',
        `The stored tokens of "${connection}" cannot be opened: they were altered, truncated or moved.`,
        `Connect it again: zoom-tokens connect ${connection}.`,
      );
    }
    throw error;
  }
}
