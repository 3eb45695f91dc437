import { createHash, createHmac, createSecretKey, type Hash, type Hmac } from 'node:crypto';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Source = string | ArrayBuffer | ArrayBufferView;

function bytesOf(source: Source): NodeJS.ArrayBufferView {
  if (typeof source === 'string') return Buffer.from(source);
  return ArrayBuffer.isView(source) ? (source as NodeJS.ArrayBufferView) : new Uint8Array(source);
}

/**
 * SHA-256, with a secret HMAC, for the SDK's signatures. The SDK's own gives Node the secret's bytes, which Node tries as
 * two kinds of key object first, by an exception each: a twentieth of what a rotation costs; see docs/performance.md.
 */
export class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: Source) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', createSecretKey(bytesOf(secret)));
  }

  update(chunk: Source): void {
    this.#hash.update(bytesOf(chunk));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

const ignore = () => {};

/** What the AWS clients of every request are made with. */
export const CLIENT_OPTIONS = {
  // A request that hangs must leave time for another within the function's timeout.
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  sha256: Sha256,
  // Without `info` the SDK does not copy each request and answer, less what is sensitive, for a log that nobody keeps.
  logger: { debug: ignore, warn: ignore, error: ignore } as unknown as NonNullable<
    DynamoDBClientConfig['logger']
  >,
} satisfies DynamoDBClientConfig;
