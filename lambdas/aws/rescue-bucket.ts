import * as v from 'valibot';
import { RESCUED_PREFIX } from '../contract.ts';
import { parseJson } from '../tokens/apis/http.ts';
import { Failure } from '../tokens/errors.ts';
import type { RescuedTokens, RescueKey, RescueStore } from '../tokens/rescue.ts';
import { type MakeS3Client, openBucket } from './bucket.ts';

/** An object's body. */
const Body = v.object({
  sealedTokens: v.pipe(v.string(), v.nonEmpty()),
  expiresAt: v.number(),
  rotatedAt: v.number(),
  clientId: v.exactOptional(v.string()),
  scope: v.exactOptional(v.string()),
});

/** Objects of a page. There is nearly always none. */
const LISTED = 100;

const OBJECT = new RegExp(
  `^${RESCUED_PREFIX}(?<connection>[^/]+)/(?:consent-(?<consentId>.+)|(?<generation>\\d+)-(?<version>\\d+))$`,
);

/**
 * Keeps tokens in S3 objects, `pairs/<connection>/<generation>-<version>` of a rotation and `pairs/<connection>/consent-<id>`
 * of a consent. They are strongly consistent and do not depend on DynamoDB.
 */
export function createRescueBucket(bucket: string, makeClient?: MakeS3Client): RescueStore {
  const open = openBucket(makeClient);
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

    async list(after) {
      const { client, ListObjectsV2Command } = await open();
      const page = { Bucket: bucket, Prefix: RESCUED_PREFIX, MaxKeys: LISTED, StartAfter: after };
      const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command(page));
      const names = Contents.flatMap(({ Key }) => Key ?? []);
      const next = names.at(-1);
      return { keys: names.flatMap(parseKey), ...(IsTruncated && next !== undefined && { next }) };
    },

    async remove(key) {
      const { client, DeleteObjectCommand } = await open();
      await client.send(new DeleteObjectCommand(objectOf(key)));
    },
  };
}

const objectKey = (key: RescueKey): string =>
  'consentId' in key
    ? `${RESCUED_PREFIX}${key.connection}/consent-${key.consentId}`
    : `${RESCUED_PREFIX}${key.connection}/${key.generation}-${key.version}`;

/** Returns the key that an object's name is of; none for any other object. */
function parseKey(name: string): RescueKey[] {
  const { connection = '', consentId, generation, version } = OBJECT.exec(name)?.groups ?? {};
  if (consentId !== undefined) return [{ connection, consentId }];
  return version === undefined
    ? []
    : [{ connection, generation: Number(generation), version: Number(version) }];
}

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
