import { hkdfSync } from 'node:crypto';
import { type Clock, isWithin } from '../clock.ts';
import { Failure } from '../errors.ts';
import type { Vault } from '../vault.ts';
import { KEY_SECONDS, REREAD_SECONDS } from './key-life.ts';

/** 256-bit keys, one for each purpose. They open no stored token. */
export interface LinkKeys {
  /** Identifies the link key without revealing it: the JOSE `kid` (RFC 7515, section 4.1.4). */
  id: string;
  /** Signs one-time links. */
  signing: Uint8Array;
  /** Encrypts the cookie of a consent. */
  cookie: Uint8Array;
}

/** Derives the keys from the text of the link key's secret (HKDF, RFC 5869). */
export function deriveLinkKeys(secret: string): LinkKeys {
  const derive = (purpose: string, bytes = 32) =>
    new Uint8Array(hkdfSync('sha256', secret, 'zoom-token-refresher', purpose, bytes));
  return {
    id: Buffer.from(derive('id', 9)).toString('base64url'),
    signing: derive('signing'),
    cookie: derive('cookie'),
  };
}

/**
 * Returns the current keys for links and cookies.
 * @param id the keys that are asked for; the current ones unless given
 * @param options.fresh reads the secret, however recently it was read
 * @throws {Failure} `misconfigured` (`unknown_key`) for another id: a replaced key signs and opens nothing any more
 */
export type Keyring = (id?: string, options?: { fresh: boolean }) => Promise<LinkKeys>;

/** Returns the keyring of the link key. A replaced key is valid for ten minutes at most, in a function that had read it. */
export function createKeyring(vault: Pick<Vault, 'linkKey'>, now: Clock): Keyring {
  let held: { keys: LinkKeys; readAt: number } | undefined;
  const read = async (): Promise<LinkKeys> => {
    held = { keys: deriveLinkKeys(await vault.linkKey()), readAt: now() };
    return held.keys;
  };
  const keysSince = async (seconds: number): Promise<LinkKeys> =>
    held && isWithin(seconds, held.readAt, now()) ? held.keys : read();

  return async (id, { fresh } = { fresh: false }) => {
    if (fresh) await read();
    for (const seconds of [KEY_SECONDS, REREAD_SECONDS]) {
      const keys = await keysSince(seconds);
      if (id === undefined || keys.id === id) return keys;
    }
    throw new Failure(
      'misconfigured',
      'unknown_key',
      'A link or a cookie was made with a key that was replaced.',
      'Make a new link: npx zoom-tokens connect.',
    );
  };
}
