import type { S3Client } from '@aws-sdk/client-s3';
import { Failure } from '../tokens/errors.ts';
import { CLIENT_OPTIONS } from './client-options.ts';
import { errorName } from './sdk-errors.ts';

/** Other retries go on beside these, and the function's end may be near: at most twice. */
const CLIENT = { ...CLIENT_OPTIONS, maxAttempts: 2 };

export type MakeS3Client = (Client: typeof S3Client) => S3Client;

const createClient: MakeS3Client = (Client) => new Client(CLIENT);

/** Returns a function that loads the client with the first request, since nearly every invocation has none. */
export function openBucket(makeClient: MakeS3Client = createClient) {
  let client: S3Client | undefined;
  return async () => {
    const {
      DeleteObjectCommand,
      GetObjectCommand,
      ListObjectsV2Command,
      NoSuchKey,
      PutObjectCommand,
      S3Client,
    } = await import('./s3-client.ts');
    client ??= makeClient(S3Client);
    return {
      client,
      DeleteObjectCommand,
      GetObjectCommand,
      ListObjectsV2Command,
      NoSuchKey,
      PutObjectCommand,
    };
  };
}

/** Returns the failure for a bucket that was deleted; any other error as it is. */
export function bucketRefusal(error: unknown, bucket: string): unknown {
  if (errorName(error) !== 'NoSuchBucket') return error;
  return new Failure(
    'misconfigured',
    'bucket_gone',
    `The rescue bucket ${bucket} does not exist, so the public half of the sealing key cannot be read or published. No consent can be finished.`,
    'Create it again as it was: docs/runbook.md#deleted-bucket has the commands.',
  );
}
