import '../../support/services/aws-environment.ts';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { MakeS3Client } from '../../../lambdas/aws/bucket.ts';
import { createKeyObject } from '../../../lambdas/aws/key-object.ts';
import { createRescueBucket } from '../../../lambdas/aws/rescue-bucket.ts';
import { createSignedRequest } from '../../../lambdas/aws/signed-request.ts';
import { fetchByNode } from '../../../lambdas/http-client.ts';
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

describe('with single requests', () => {
  const single = () => createKeyObject(BUCKET, makeClient, createSignedRequest(fetchByNode));
  let clients: number;
  const makeClient: MakeS3Client = (Client) => {
    clients += 1;
    return new Client({ maxAttempts: 1 });
  };
  beforeEach(() => {
    clients = 0;
  });

  test('a public key is read without the client of S3', async () => {
    const { publicKey } = await deriveSealingPair('a seed');
    await key.write(publicKey);
    expect(await single().read()).toEqual(publicKey);
    expect(clients).toBe(0);
  });

  test('the client of S3 tells a missing key from an outage', async () => {
    expect(await single().read()).toBeUndefined();
    expect(clients).toBe(1);
    failure = 'SlowDown';
    await expect(single().read()).rejects.toThrow();
  });

  test('an object that is no public key is not used', async () => {
    const short = Buffer.from('{"kty":"OKP","crv":"X25519","x":"short"}');
    const other = await startS3({ bucket: BUCKET, from: new Map([['sealing-key/public.json', short]]) });
    process.env.AWS_ENDPOINT_URL_S3 = other.url;
    await expect(single().read()).rejects.toThrow();
    await other.close();
  });
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

test('a bucket that was deleted is neither a missing key nor an unknown error', async () => {
  const { publicKey } = await deriveSealingPair('a seed');
  const gone = createKeyObject('no-such-bucket');
  const refusal = {
    class: 'misconfigured',
    code: 'bucket_gone',
    message: expect.stringContaining('no-such-bucket'),
  };
  await expect(gone.read()).rejects.toMatchObject(refusal);
  await expect(gone.write(publicKey)).rejects.toMatchObject(refusal);
});
