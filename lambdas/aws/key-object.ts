import * as v from 'valibot';
import { SEALING_KEY_OBJECT } from '../contract.ts';
import { parseJson } from '../tokens/apis/http.ts';
import type { PublishedKey } from '../tokens/sealing/published-key.ts';
import { PublicSealingKey } from '../tokens/sealing/sealing-pair.ts';
import { bucketRefusal, type MakeS3Client, openBucket } from './bucket.ts';
import { errorName } from './sdk-errors.ts';
import type { SignedRequest } from './signed-request.ts';

/** S3 responds so to a missing object; with 403 where the function may not list the bucket. */
const isMissing = (error: unknown): boolean => /^(NoSuchKey|AccessDenied)$/.test(errorName(error));

/** A bucket's name that can be a host's first label, as CloudFormation's can: a certificate fits none with dots. */
const isLabel = (bucket: string): boolean => /^[a-z0-9-]+$/.test(bucket);

/**
 * Keeps the public half of the sealing key in one S3 object, as a JSON Web Key.
 * @param request reads the object without the client of S3, if that works at the first attempt
 */
export function createKeyObject(
  bucket: string,
  makeClient?: MakeS3Client,
  request?: SignedRequest,
): PublishedKey {
  const open = openBucket(makeClient);
  const object = { Bucket: bucket, Key: SEALING_KEY_OBJECT };
  const readFirst = async (): Promise<PublicSealingKey | undefined> => {
    if (request === undefined || !isLabel(bucket)) return undefined;
    const text = await request({ service: 's3', method: 'GET', bucket, path: `/${SEALING_KEY_OBJECT}` });
    const key = v.safeParse(PublicSealingKey, parseJson(text ?? ''));
    return key.success ? key.output : undefined;
  };
  return {
    async read() {
      const key = await readFirst();
      if (key !== undefined) return key;
      const { client, GetObjectCommand } = await open();
      try {
        const { Body } = await client.send(new GetObjectCommand(object));
        return v.parse(PublicSealingKey, parseJson((await Body?.transformToString()) ?? ''));
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw bucketRefusal(error, bucket);
      }
    },

    async write(key) {
      const { client, PutObjectCommand } = await open();
      const put = new PutObjectCommand({
        ...object,
        Body: JSON.stringify(key),
        ContentType: 'application/json',
      });
      const { ETag } = await client.send(put).catch((error: unknown) => {
        throw bucketRefusal(error, bucket);
      });
      // A response of something in front of S3 must not pass for a success.
      if (!ETag) throw new Error('S3 responded without the ETag of the object');
    },
  };
}
