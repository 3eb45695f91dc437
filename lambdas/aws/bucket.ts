import type { S3Client } from '@aws-sdk/client-s3';
import { CLIENT_OPTIONS } from './client-options.ts';

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
