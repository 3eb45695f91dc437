import { hkdfSync } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Failure } from '../errors.ts';
import type { Vault } from '../vault.ts';

/** 256-bit keys, one for each use. */
export interface Keys {
  /** Names the secret that they come from, without telling it: the JOSE `kid`. */
  id: string;
  /** For the tokens at rest. */
  sealing: Uint8Array<ArrayBuffer>;
  /** For one-time links. */
  signing: Uint8Array;
  /** For the cookie that carries a consent. */
  cookie: Uint8Array;
}

/** Derives the keys from the key secret's text (HKDF, RFC 5869). */
export function deriveKeys(secret: string): Keys {
  const derive = (use: string, bytes = 32) =>
    new Uint8Array(hkdfSync('sha256', secret, 'zoom-token-refresher', use, bytes));
  return {
    id: Buffer.from(derive('id', 9)).toString('base64url'),
    sealing: derive('sealing'),
    signing: derive('signing'),
    cookie: derive('cookie'),
  };
}

/** Answers the keys with that id, or today's when none is asked for. */
export type Keyring = (id?: string) => Promise<Keys>;

/**
 * Seconds between two readings of the key secret for an id that is not known. Links and cookies come from strangers,
 * who may write any id into them: each would cost two readings. A key that was replaced is known after this at last.
 */
const REREAD_SECONDS = 10;

/** The current keys and, after the key secret was replaced, the ones before. */
export function createKeyring(vault: Pick<Vault, 'key'>, now: Clock): Keyring {
  const derived = new Map<string, Keys>();
  /** What the key secret held when the whole of it was last read again. */
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
      'Something was sealed with a key that the key secret no longer holds.',
      'Restore the earlier value of the key secret, or connect again.',
    );
  };
}
