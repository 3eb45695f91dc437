import { hkdfSync } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Failure } from '../errors.ts';
import type { Vault } from '../vault.ts';

/** 256-bit keys, one for each purpose. */
export interface Keys {
  /** Identifies the key secret without revealing it: the JOSE `kid` (RFC 7515, section 4.1.4). */
  id: string;
  /** Encrypts the stored tokens. */
  sealing: Uint8Array<ArrayBuffer>;
  /** Signs one-time links. */
  signing: Uint8Array;
  /** Encrypts the cookie of a consent. */
  cookie: Uint8Array;
}

/** Derives the keys from the text of the key secret (HKDF, RFC 5869). */
export function deriveKeys(secret: string): Keys {
  const derive = (purpose: string, bytes = 32) =>
    new Uint8Array(hkdfSync('sha256', secret, 'zoom-token-refresher', purpose, bytes));
  return {
    id: Buffer.from(derive('id', 9)).toString('base64url'),
    sealing: derive('sealing'),
    signing: derive('signing'),
    cookie: derive('cookie'),
  };
}

/**
 * Returns the keys with the given id, or the current keys without an id.
 * @throws {Failure} `misconfigured` (`unknown_key`) when the key secret holds no key with this id
 */
export type Keyring = (id?: string) => Promise<Keys>;

/**
 * Minimum seconds between two reads of the key secret for unknown ids. Strangers can put any id into a link or a cookie, and
 * each would otherwise cost two reads. A replaced key is found after this time at the latest.
 */
const REREAD_SECONDS = 10;

/** Returns a keyring of the current keys and, if the key secret was replaced, of the previous ones. */
export function createKeyring(vault: Pick<Vault, 'key'>, now: Clock): Keyring {
  const derived = new Map<string, Keys>();
  /** The keys at the last read of both versions. */
  let held: Keys[] = [];
  let readAt = Number.NEGATIVE_INFINITY;

  const read = async (stage: 'current' | 'previous', fresh: boolean): Promise<Keys[]> => {
    const secret = await vault.key(stage, { fresh });
    if (secret === undefined) return [];
    const keys = derived.get(secret) ?? deriveKeys(secret);
    derived.set(secret, keys);
    return [keys];
  };

  return async (id) => {
    const find = (keys: Keys[]) => keys.find((each) => id === undefined || each.id === id);
    const remembered = find(await read('current', false));
    if (remembered) return remembered;
    if (Math.abs(now() - readAt) >= REREAD_SECONDS) {
      const current = await read('current', true);
      const replaced = find(current);
      if (replaced) return replaced;
      held = [...current, ...(await read('previous', true))];
      readAt = now();
    }
    const known = find(held);
    if (known) return known;
    throw new Failure(
      'misconfigured',
      'unknown_key',
      'Stored data was sealed with a key that the key secret no longer contains.',
      'Restore the earlier value of the key secret, or connect again: zoom-tokens connect.',
    );
  };
}
