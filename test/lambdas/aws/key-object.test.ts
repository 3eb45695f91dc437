import '../../support/services/aws-environment.ts';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createKeyObject } from '../../../lambdas/aws/key-object.ts';
import type { PublishedKey } from '../../../lambdas/tokens/sealing/published-key.ts';
import { deriveSealingPair } from '../../../lambdas/tokens/sealing/sealing-pair.ts';
import { type S3Error, startS3 } from '../../../local/aws/s3.ts';

const BUCKET = 'rescue';
let s3: Awaited<ReturnType<typeof startS3>>;
let failure: S3Error | undefined;
let key: PublishedKey;

beforeAll(async () => {
  s3 = await startS3({ bucket: BUCKET, failing: () => failure });
  process.env.AWS_ENDPOINT_URL_S3 = s3.url;
});
beforeEach(() => {
  failure = undefined;
  key = createKeyObject(BUCKET);
});
afterAll(() => s3.close());

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

test('an outage of S3 does not pass for a key that was never published', async () => {
  failure = 'SlowDown';
  await expect(key.read()).rejects.toThrow();
});
