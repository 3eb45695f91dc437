import { Failure, type FailureDetails, toFailure } from '../errors.ts';
import type { PublishedKey } from '../sealing/published-key.ts';
import { deriveSealingPair } from '../sealing/sealing-pair.ts';
import type { Vault } from '../vault.ts';

/** The requests of a check to the rescue bucket. */
export interface RescueProbe {
  bucket: string;
  /** Writes, reads and deletes an object that no function takes up, and lists the bucket. */
  use(): Promise<void>;
  /** Reads the public half of the sealing key. */
  publishedKey: PublishedKey['read'];
}

/**
 * Returns why the rescue bucket cannot be used, or that it does not have the public half of the current sealing key. The key
 * is read without a cache. Never rejects.
 */
export async function checkRescue(
  { bucket, use, publishedKey }: RescueProbe,
  vault: Pick<Vault, 'sealingSeed'>,
): Promise<FailureDetails[]> {
  try {
    await use();
    const published = await publishedKey();
    const seed = await vault.sealingSeed('current').catch(() => undefined);
    // A key that cannot be read is a finding of its own.
    if (seed === undefined) return [];
    const { publicKey } = await deriveSealingPair(seed);
    return published?.x === publicKey.x ? [] : [toFailure(notPublished(bucket))];
  } catch (error) {
    return [toFailure(error)];
  }
}

const notPublished = (bucket: string): Failure =>
  new Failure(
    'retry',
    'sealing_key_missing',
    `The public half of the current sealing key is not in the rescue bucket ${bucket}, or may not be read there: no consent can be finished.`,
    'A sweep publishes it within ten minutes. If it does not, deploy again: npx cdk deploy --revert-drift',
  );
