import { type CryptoKey, EncryptJWT, errors, jwtDecrypt } from 'jose';
import type { Tokens } from '../connection.ts';
import { Failure } from '../errors.ts';
import type { Keyring, Keys } from './keyring.ts';

/** WebCrypto's own form of a key is made once: it would be for each sealing and opening. */
const imported = new WeakMap<Uint8Array, Promise<CryptoKey>>();

function webKey(key: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const known =
    imported.get(key) ?? crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
  imported.set(key, known);
  return known;
}

/** Seals tokens for one connection (JWE, RFC 7516: `dir` and A256GCM; the connection is bound in as `sub`). */
export async function seal(tokens: Tokens, connection: string, keys: Keys): Promise<string> {
  return new EncryptJWT({ tokens })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: keys.id })
    .setSubject(connection)
    .encrypt(await webKey(keys.sealing));
}

/**
 * Opens what `seal` made for this connection, under today's key or the one before.
 * @throws {Failure} `reconnect` when it was altered, cut or sealed for another connection
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
        `The stored tokens of "${connection}" cannot be opened: they were altered, cut or moved.`,
        `Connect "${connection}" again.`,
      );
    }
    throw error;
  }
}
