import '../../support/services/aws-environment.ts';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createKeyObject } from '../../../lambdas/aws/key-object.ts';
import { createRescueBucket } from '../../../lambdas/aws/rescue-bucket.ts';
import type { PublishedKey } from '../../../lambdas/tokens/sealing/published-key.ts';
import { deriveSealingPair } from '../../../lambdas/tokens/sealing/sealing-pair.ts';
import { type S3Error, startS3 } from '../../../local/aws/s3.ts';

const BUCKET = 'rescue';
let s3: Awaited<ReturnType<typeof startS3>>;
let failure: S3Error | undefined;
let key: PublishedKey;

beforeEach(async () => {
  failure = undefined;
  s3 = await startS3({ bucket: BUCKET, failing: () => failure });
  process.env.AWS_ENDPOINT_URL_S3 = s3.url;
  key = createKeyObject(BUCKET);
});
afterEach(() => s3.close());

test('a public key that was never published is missing, also where the function may not list the bucket', async () => {
  expect(await key.read()).toBeUndefined();
  failure = 'AccessDenied';
  expect(await key.read()).toBeUndefined();
});

test('a public key is read as it was written', async () => {
  const { publicKey } = await deriveSealingPair('a seed');
  await key.write(publicKey);
  expect(await createKeyObject(BUCKET).read()).toEqual(publicKey);
});

test('a response without an ETag is no success: it came from something in front of S3', async () => {
  const makeClient = () => ({ send: async () => ({}) }) as never;
  const { publicKey } = await deriveSealingPair('a seed');
  await expect(createKeyObject(BUCKET, makeClient).write(publicKey)).rejects.toThrow('ETag');
  const rescue = createRescueBucket(BUCKET, makeClient);
  const tokens = { sealedTokens: 'sealed', expiresAt: 2, rotatedAt: 1 };
  await expect(rescue.put({ connection: 'main', consentId: 'id' }, tokens)).rejects.toThrow('ETag');
});

test('an outage of S3 does not pass for a key that was never published', async () => {
  failure = 'SlowDown';
  await expect(key.read()).rejects.toThrow();
});
