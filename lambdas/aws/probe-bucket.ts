import { RESCUED_PREFIX } from '../contract.ts';
import { Failure } from '../tokens/errors.ts';
import type { RescueProbe } from '../tokens/operate/check-rescue.ts';
import { bucketRefusal, openBucket } from './bucket.ts';
import { createKeyObject } from './key-object.ts';
import { accessDenied, awsFailure, errorName, isAccessDenied } from './sdk-errors.ts';

/** Returns what proves that the rescue bucket can be used as a rotation and a rotation of the keys use it. */
export const createBucketProbe = (bucket: string): RescueProbe => ({
  bucket,
  publishedKey: createKeyObject(bucket).read,

  async use() {
    const { client, DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand } =
      await openBucket()();
    // No connection's, so no function takes it up.
    const object = { Bucket: bucket, Key: `${RESCUED_PREFIX}check-${crypto.randomUUID()}` };
    try {
      await client.send(new PutObjectCommand({ ...object, Body: 'check' }));
      const { Body } = await client.send(new GetObjectCommand(object));
      await Body?.transformToString();
      await client.send(new DeleteObjectCommand(object));
      await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: RESCUED_PREFIX, MaxKeys: 1 }));
    } catch (error) {
      throw refusal(error, bucket);
    } finally {
      client.destroy();
    }
  },
});

function refusal(error: unknown, bucket: string): unknown {
  if (isAccessDenied(error)) {
    return accessDenied(
      'rescue_denied',
      `The function may not write, read, delete or list what is in the rescue bucket ${bucket}: tokens that DynamoDB cannot store would be lost.`,
    );
  }
  const failure = awsFailure(bucketRefusal(error, bucket), `use the rescue bucket ${bucket}`);
  if (failure instanceof Failure) return failure;
  return new Failure(
    'retry',
    'rescue_unreadable',
    `The rescue bucket ${bucket} could not be used (${errorName(error)}).`,
    'Check again in a few minutes.',
  );
}
