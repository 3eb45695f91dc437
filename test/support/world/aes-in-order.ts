import { createCipheriv, createDecipheriv, subtle, type webcrypto } from 'node:crypto';

interface AesGcm extends webcrypto.AeadParams {
  iv: Uint8Array;
  additionalData: Uint8Array;
}

const TAG_BYTES = 16;

/**
 * Makes WebCrypto seal and open synchronously. Node's thread pool finishes in an order that differs from run to run, so
 * that a seed would not repeat a simulation. It is faster as well.
 * @returns a function that restores WebCrypto
 */
export function aesInOrder(): () => void {
  const original = { importKey: subtle.importKey, encrypt: subtle.encrypt, decrypt: subtle.decrypt };
  const imported = new Map<string, Promise<webcrypto.CryptoKey>>();
  const raw = new WeakMap<webcrypto.CryptoKey, Uint8Array>();

  const importKey = async (...args: Parameters<typeof subtle.importKey>) => {
    const [format, bytes, , , usages] = args;
    if (format !== 'raw' || !(bytes instanceof Uint8Array)) return original.importKey.apply(subtle, args);
    const name = `${usages}/${Buffer.from(bytes).toString('hex')}`;
    const found = imported.get(name) ?? original.importKey.apply(subtle, args);
    imported.set(name, found);
    const key = await found;
    raw.set(key, bytes);
    return key;
  };
  const encrypt = async (...args: Parameters<typeof subtle.encrypt>) => {
    const [algorithm, key, data] = args;
    const { iv, additionalData } = algorithm as AesGcm;
    const bytes = raw.get(key);
    if (!bytes) return original.encrypt.apply(subtle, args);
    const cipher = createCipheriv('aes-256-gcm', bytes, iv);
    cipher.setAAD(additionalData);
    return exact(Buffer.concat([cipher.update(data as Uint8Array), cipher.final(), cipher.getAuthTag()]));
  };
  const decrypt = async (...args: Parameters<typeof subtle.decrypt>) => {
    const [algorithm, key, data] = args;
    const { iv, additionalData } = algorithm as AesGcm;
    const bytes = raw.get(key);
    if (!bytes) return original.decrypt.apply(subtle, args);
    const sealed = data as Uint8Array;
    const decipher = createDecipheriv('aes-256-gcm', bytes, iv);
    decipher.setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return exact(Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]));
  };
  Object.assign(subtle, { importKey, encrypt, decrypt });
  return () => void Object.assign(subtle, original);
}

/** Returns the bytes alone, as WebCrypto does. A small Buffer is a view of a shared pool. */
const exact = (buffer: Buffer) => new Uint8Array(buffer).buffer;
