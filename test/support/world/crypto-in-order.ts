import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  KeyObject,
  subtle,
  type webcrypto,
} from 'node:crypto';

interface AesGcm extends webcrypto.AeadParams {
  iv: Uint8Array;
  additionalData: Uint8Array;
}

/** The fields of a secret key that `jose` and `encrypt` read. Bytes would take Node ten times the work of a `KeyObject`. */
interface RawKey {
  algorithm: { name: string; hash?: { name: string } };
  usages: webcrypto.KeyUsage[];
  key: KeyObject;
}

const TAG_BYTES = 16;
const X25519 = { name: 'X25519' };

/**
 * Makes WebCrypto seal and open synchronously. Node's thread pool finishes in an order that differs from run to run, so
 * that a seed would not repeat a simulation. It is faster as well.
 * @returns a function that restores WebCrypto
 */
export function cryptoInOrder(): () => void {
  const { importKey, exportKey, generateKey, deriveBits, digest, sign, encrypt, decrypt } = subtle;
  const originals = { importKey, exportKey, generateKey, deriveBits, digest, sign, encrypt, decrypt };
  Object.assign(subtle, replacements);
  return () => void Object.assign(subtle, originals);
}

/** Ephemeral keys are used again and again, since no simulation is about them. */
const EPHEMERAL_PAIRS = 16;

interface Known<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
}

/** Returns what was made for the key before. */
function once<Key, Value>(known: Known<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

let generated = 0;
const pairs = new Map<number, webcrypto.CryptoKeyPair>();
const privateKeys = new Map<string, webcrypto.CryptoKey>();
const publicKeys = new Map<string | undefined, webcrypto.CryptoKey>();
const exported = new WeakMap<webcrypto.CryptoKey, webcrypto.JsonWebKey>();
const shared = new WeakMap<webcrypto.CryptoKey, WeakMap<webcrypto.CryptoKey, ArrayBuffer>>();

/** The part of each operation that `jose` and the sealing pair use. Anything else throws. */
const replacements = {
  async importKey(
    format: string,
    data: Uint8Array | webcrypto.JsonWebKey,
    algorithm: webcrypto.AlgorithmIdentifier,
    _isExtractable: boolean,
    usages: webcrypto.KeyUsage[],
  ) {
    // `jose` makes one for each message. A real key would be a tenth of the work of sealing.
    if (format === 'raw') {
      const { hash: name, ...rest } = algorithm as { name: string; hash?: string };
      const key = createSecretKey(data as Uint8Array);
      return { algorithm: { ...rest, ...(name && { hash: { name } }) }, usages, key } satisfies RawKey;
    }
    if (format === 'pkcs8') {
      const key = Buffer.from(data as Uint8Array);
      return once(privateKeys, key.toString('base64'), () =>
        createPrivateKey({ key, format: 'der', type: 'pkcs8' }).toCryptoKey(X25519, true, usages),
      );
    }
    const jwk = data as JsonWebKey;
    return once(publicKeys, jwk.x, () =>
      createPublicKey({ key: jwk, format: 'jwk' }).toCryptoKey(X25519, true, []),
    );
  },

  exportKey: async (_format: 'jwk', key: webcrypto.CryptoKey) =>
    once(exported, key, () => KeyObject.from(key).export({ format: 'jwk' })),

  async generateKey() {
    generated += 1;
    return once(pairs, generated % EPHEMERAL_PAIRS, () => {
      const { publicKey, privateKey } = generateKeyPairSync('x25519');
      return {
        publicKey: publicKey.toCryptoKey(X25519, true, []),
        privateKey: privateKey.toCryptoKey(X25519, true, ['deriveBits']),
      };
    });
  },

  async deriveBits({ public: other }: { public: webcrypto.CryptoKey }, own: webcrypto.CryptoKey) {
    const ofOwn = once(shared, own, () => new WeakMap());
    return once(ofOwn, other, () =>
      exact(diffieHellman({ privateKey: KeyObject.from(own), publicKey: KeyObject.from(other) })),
    );
  },

  digest: async (_algorithm: string, data: Uint8Array) => exact(createHash('sha256').update(data).digest()),

  sign: async (_algorithm: string, { key }: RawKey, data: Uint8Array) =>
    exact(createHmac('sha256', key).update(data).digest()),

  async encrypt({ iv, additionalData }: AesGcm, { key }: RawKey, data: Uint8Array) {
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(additionalData);
    return exact(Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()]));
  },

  async decrypt({ iv, additionalData }: AesGcm, { key }: RawKey, sealed: Uint8Array) {
    const decipher = createDecipheriv('aes-256-gcm', key, iv);
    decipher.setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return exact(Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]));
  },
};

/** Returns the bytes alone, as WebCrypto does. A small Buffer is a view of a shared pool. */
const exact = (buffer: Buffer) => new Uint8Array(buffer).buffer;
