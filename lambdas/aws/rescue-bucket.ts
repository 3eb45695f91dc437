import type { S3Client } from '@aws-sdk/client-s3';
import * as v from 'valibot';
import { parseJson } from '../tokens/apis/http.ts';
import { Failure } from '../tokens/errors.ts';
import type { RescuedTokens, RescueKey, RescueStore } from '../tokens/rescue.ts';
import { CLIENT_OPTIONS } from './client-options.ts';

/** The commit's own retries go on beside it, and the function's end is near: at most twice these. */
const CLIENT = { ...CLIENT_OPTIONS, maxAttempts: 2 };

/** An object's body. */
const Body = v.object({
  sealedTokens: v.pipe(v.string(), v.nonEmpty()),
  expiresAt: v.number(),
  rotatedAt: v.number(),
  clientId: v.exactOptional(v.string()),
  scope: v.exactOptional(v.string()),
});

/**
 * Keeps tokens in S3 objects, `<connection>/<generation>-<version>` of a rotation and `<connection>/consent-<id>` of a
 * consent. They are strongly consistent and do not depend on DynamoDB. The client is loaded with the first request, since nearly every invocation has none.
 */
export function createRescueBucket(bucket: string, makeClient: MakeClient = createClient): RescueStore {
  let client: S3Client | undefined;
  const open = async () => {
    const { DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } = await import(
      './s3-client.ts'
    );
    client ??= makeClient(S3Client);
    return { client, DeleteObjectCommand, GetObjectCommand, NoSuchKey, PutObjectCommand };
  };
  const objectOf = (key: RescueKey) => ({ Bucket: bucket, Key: objectKey(key) });
  return {
    async put(key, { sealedTokens, expiresAt, rotatedAt, clientId, scope }) {
      const { client, PutObjectCommand } = await open();
      const { ETag } = await client.send(
        new PutObjectCommand({
          ...objectOf(key),
          Body: JSON.stringify({ sealedTokens, expiresAt, rotatedAt, clientId, scope }),
          ContentType: 'application/json',
        }),
      );
      // A response of something in front of S3 must not pass for a success.
      if (!ETag) throw new Error('S3 responded without the ETag of the object');
    },

    async get(key) {
      const { client, GetObjectCommand, NoSuchKey } = await open();
      try {
        const { Body: body } = await client.send(new GetObjectCommand(objectOf(key)));
        return parse(await body?.transformToString());
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw unreadable(bucket, error);
      }
    },

    async remove(key) {
      const { client, DeleteObjectCommand } = await open();
      await client.send(new DeleteObjectCommand(objectOf(key)));
    },
  };
}

const objectKey = (key: RescueKey): string =>
  'consentId' in key
    ? `${key.connection}/consent-${key.consentId}`
    : `${key.connection}/${key.generation}-${key.version}`;

type MakeClient = (Client: typeof S3Client) => S3Client;

const createClient: MakeClient = (Client) => new Client(CLIENT);

/** @throws {Error} for a body that is cut or altered: it must not pass for a missing one */
function parse(body: string | undefined): RescuedTokens {
  const parsed = v.safeParse(Body, parseJson(body ?? ''));
  if (!parsed.success) throw new Error('the object is not complete');
  return parsed.output;
}

function unreadable(bucket: string, error: unknown): Failure {
  const name = error instanceof Error ? error.name : 'unknown';
  return new Failure(
    'retry',
    'rescue_unreadable',
    `The rescue bucket could not be read (${name}). It may hold newer tokens than the table, so Zoom was not asked.`,
    `Nothing to do, unless it lasts: check the bucket ${bucket} and the functions' permissions. The next sweeps retry.`,
  );
}
