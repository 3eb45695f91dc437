import type { CryptoKey } from 'jose';
import { type Clock, isWithin } from '../clock.ts';
import { Failure } from '../errors.ts';
import type { Vault } from '../vault.ts';
import { KEY_SECONDS, REREAD_SECONDS } from './key-life.ts';
import { deriveSealingPair, type SealingPair } from './sealing-pair.ts';

/**
 * Returns the private half with the given id.
 * @throws {Failure} `misconfigured` (`unknown_key`) when neither the current nor the previous key has this id
 */
export type OpeningKey = (id: string) => Promise<CryptoKey>;

/** The sealing keys of the functions that may open stored tokens. */
export interface SealingKeyring {
  /**
   * Returns the current pair.
   * @param options.fresh reads the seed, however recently it was read
   */
  current(options?: { fresh: boolean }): Promise<SealingPair>;
  opening: OpeningKey;
}

/** Returns a keyring of the current pair and, if the key was replaced, of the previous one, which only opens. */
export function createSealingKeyring(vault: Pick<Vault, 'sealingSeed'>, now: Clock): SealingKeyring {
  const derived = new Map<string, Promise<SealingPair>>();
  let held: { pair: SealingPair; readAt: number } | undefined;
  /** Both pairs at the last read for an unknown id. */
  let known: { pairs: SealingPair[]; readAt: number } = { pairs: [], readAt: Number.NEGATIVE_INFINITY };

  const derive = (seed: string): Promise<SealingPair> => {
    const pair = derived.get(seed) ?? deriveSealingPair(seed);
    derived.set(seed, pair);
    return pair;
  };
  const read = async (): Promise<SealingPair> => {
    held = { pair: await derive((await vault.sealingSeed('current')) ?? ''), readAt: now() };
    return held.pair;
  };
  const readBoth = async (): Promise<SealingPair[]> => {
    const current = await read();
    const previous = await vault.sealingSeed('previous');
    return previous === undefined ? [current] : [current, await derive(previous)];
  };
  const current: SealingKeyring['current'] = async ({ fresh } = { fresh: false }) =>
    held && !fresh && isWithin(KEY_SECONDS, held.readAt, now()) ? held.pair : read();

  return {
    current,
    async opening(id) {
      const pair = await current();
      if (pair.id === id) return pair.opening;
      const find = () => known.pairs.find((each) => each.id === id);
      const seconds = find() ? KEY_SECONDS : REREAD_SECONDS;
      if (!isWithin(seconds, known.readAt, now())) known = { pairs: await readBoth(), readAt: now() };
      const found = find();
      if (found) return found.opening;
      throw new Failure(
        'misconfigured',
        'unknown_key',
        'Stored tokens were sealed with a key that the sealing key’s secret no longer contains.',
        'Restore the earlier value of the secret, or connect again: npx zoom-tokens connect.',
      );
    },
  };
}
