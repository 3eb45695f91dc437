import { hkdfSync } from 'node:crypto';
import { TokenError } from './errors.ts';
import type { Vault } from './vault.ts';

/** 256-bit keys, one for each use. */
export interface Keys {
  /** Names the secret that they come from, without telling it: the JOSE `kid`. */
  id: string;
  /** For the tokens at rest. */
  sealing: Uint8Array;
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

/** The current keys and, after the key secret was replaced, the ones before. */
export function createKeyring(vault: Pick<Vault, 'key'>): Keyring {
  const derived = new Map<string, Keys>();
  return async (id) => {
    for (const [stage, fresh] of [
      ['current', false],
      ['current', true],
      ['previous', true],
    ] as const) {
      const secret = await vault.key(stage, { fresh });
      if (secret === undefined) continue;
      const keys = derived.get(secret) ?? deriveKeys(secret);
      derived.set(secret, keys);
      if (id === undefined || keys.id === id) return keys;
    }
    throw new TokenError(
      'misconfigured',
      'unknown_key',
      'Something was sealed with a key that the key secret no longer holds.',
      'Restore the earlier value of the key secret, or connect again.',
    );
  };
}
