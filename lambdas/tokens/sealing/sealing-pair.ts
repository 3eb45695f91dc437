import { createHash, hkdfSync } from 'node:crypto';
import type { CryptoKey } from 'jose';
import * as v from 'valibot';

/** The public half as it is stored (RFC 8037). */
export const PublicSealingKey = v.object({
  kty: v.literal('OKP'),
  crv: v.literal('X25519'),
  x: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
});
export type PublicSealingKey = v.InferOutput<typeof PublicSealingKey>;

/** The half of the pair that seals tokens, and opens none. */
export interface SealingKey {
  /** The thumbprint of the public half (RFC 7638): the JOSE `kid`. */
  id: string;
  key: CryptoKey;
}

/** Both halves. */
export interface SealingPair extends SealingKey {
  publicKey: PublicSealingKey;
  /** The private half. */
  opening: CryptoKey;
}

const X25519 = { name: 'X25519' };

/** An X25519 private key in PKCS #8 up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Derives the pair from the seed in the sealing key's secret (HKDF, RFC 5869). Any 32 bytes are an X25519 private key. */
export async function deriveSealingPair(seed: string): Promise<SealingPair> {
  const secret = new Uint8Array(hkdfSync('sha256', seed, 'zoom-token-refresher', 'sealing pair', 32));
  const opening = await crypto.subtle.importKey(
    'pkcs8',
    Buffer.concat([PKCS8_PREFIX, secret]),
    X25519,
    true,
    ['deriveBits'],
  );
  const { x } = await crypto.subtle.exportKey('jwk', opening);
  const publicKey = v.parse(PublicSealingKey, { kty: 'OKP', crv: 'X25519', x });
  return { ...(await importSealingKey(publicKey)), publicKey, opening };
}

/** Returns the key that a stored public half is. */
export async function importSealingKey({ kty, crv, x }: PublicSealingKey): Promise<SealingKey> {
  const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, X25519, true, []);
  // The members in this order and without spaces, as RFC 7638, section 3.2 says.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  return { id: thumbprint, key };
}
