import { type Clock, isWithin } from '../clock.ts';
import { Failure } from '../errors.ts';
import { KEY_SECONDS } from './key-life.ts';
import type { SealingKeyring } from './sealing-keyring.ts';
import { importSealingKey, type PublicSealingKey, type SealingKey } from './sealing-pair.ts';

/**
 * The storage of the sealing key's public half. The callback function may read it and not write it: with a key of its own
 * choice there, it could open every later consent.
 */
export interface PublishedKey {
  /** Returns `undefined` where there is none yet. */
  read(): Promise<PublicSealingKey | undefined>;
  write(key: PublicSealingKey): Promise<void>;
}

/** Returns the key with which tokens are sealed now. */
export type SealingKeySource = () => Promise<SealingKey>;

/** Returns the source of the callback function, which has the public half alone. A replaced key is used for ten minutes at most. */
export function createSealingKeySource(published: Pick<PublishedKey, 'read'>, now: Clock): SealingKeySource {
  let held: { key: SealingKey; readAt: number } | undefined;
  return async () => {
    if (held && isWithin(KEY_SECONDS, held.readAt, now())) return held.key;
    const stored = await published.read();
    if (!stored) throw notPublished();
    held = { key: await importSealingKey(stored), readAt: now() };
    return held.key;
  };
}

/**
 * Returns a function that publishes the public half of the current key, where it is missing or another one. It looks once in
 * ten minutes.
 * @throws {Failure} or the error of the place where it is
 */
export function createKeyPublisher(
  keyring: Pick<SealingKeyring, 'current'>,
  published: PublishedKey,
  now: Clock,
): (options?: { fresh: boolean }) => Promise<void> {
  let seen = { id: '', at: Number.NEGATIVE_INFINITY };
  return async ({ fresh } = { fresh: false }) => {
    const known = await keyring.current({ fresh });
    if (!fresh && known.id === seen.id && isWithin(KEY_SECONDS, seen.at, now())) return;
    const stored = await published.read();
    if (stored?.x !== known.publicKey.x) {
      // Another function may have published a newer key than the one that this one remembers.
      const { publicKey } = await keyring.current({ fresh: true });
      if (stored?.x !== publicKey.x) await published.write(publicKey);
    }
    seen = { id: (await keyring.current()).id, at: now() };
  };
}

const notPublished = (): Failure =>
  new Failure(
    'retry',
    'sealing_key_missing',
    'The public half of the sealing key is missing, or may not be read, so the sign-in was not finished.',
    'Reload this page in two minutes: the next sweep publishes it.',
  );
