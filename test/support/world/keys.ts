import type { Clock } from '../../../lambdas/tokens/clock.ts';
import type { CallbackDependencies, Dependencies } from '../../../lambdas/tokens/dependencies.ts';
import { createKeyring } from '../../../lambdas/tokens/sealing/keyring.ts';
import {
  createKeyPublisher,
  createSealingKeySource,
  type PublishedKey,
} from '../../../lambdas/tokens/sealing/published-key.ts';
import { createSealingKeyring } from '../../../lambdas/tokens/sealing/sealing-keyring.ts';
import type { Vault } from '../../../lambdas/tokens/vault.ts';

/** Returns a public half that is kept in memory. */
export function memoryKey(): PublishedKey {
  let published: Awaited<ReturnType<PublishedKey['read']>>;
  return {
    read: async () => published,
    write: async (key) => {
      published = key;
    },
  };
}

/** Returns the keys of a function that opens stored tokens, with an empty cache. */
export function createKeys(
  vault: Pick<Vault, 'linkKey' | 'sealingSeed'>,
  now: Clock,
  published: PublishedKey = memoryKey(),
): Pick<Dependencies, 'keyring' | 'sealingKey' | 'openingKey' | 'publishKey'> {
  const pairs = createSealingKeyring(vault, now);
  return {
    keyring: createKeyring(vault, now),
    sealingKey: pairs.current,
    openingKey: pairs.opening,
    publishKey: createKeyPublisher(pairs, published, now),
  };
}

/** Returns the dependencies without what the callback function may not have. The type alone would leave it there. */
export function asCallback<D extends Dependencies>(
  { openingKey: _, publishKey: __, push: ___, ...deps }: D,
  published: Pick<PublishedKey, 'read'>,
): Omit<D, 'openingKey' | 'publishKey' | 'push'> & CallbackDependencies {
  return { ...deps, sealingKey: createSealingKeySource(published, deps.now) } as never;
}
