import { createHash, createHmac, createSecretKey, type Hash, type Hmac } from 'node:crypto';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Source = string | ArrayBuffer | ArrayBufferView;

function bytesOf(source: Source): NodeJS.ArrayBufferView {
  if (typeof source === 'string') return Buffer.from(source);
  return ArrayBuffer.isView(source) ? (source as NodeJS.ArrayBufferView) : new Uint8Array(source);
}

/**
 * Computes SHA-256, or HMAC with a secret, for the signatures of the SDK. The SDK's own implementation passes the secret
 * as bytes, and Node throws two exceptions before it accepts them. This takes a twentieth of the CPU time of a rotation;
 * see docs/performance.md.
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

/** Options of every AWS client. */
export const CLIENT_OPTIONS = {
  // Milliseconds. A request that hangs must leave time for a retry within the function's timeout.
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
  sha256: Sha256,
  // Without `info` the SDK does not copy each request and response for a log entry that is discarded.
  logger: { debug: ignore, warn: ignore, error: ignore } as unknown as NonNullable<
    DynamoDBClientConfig['logger']
  >,
} satisfies DynamoDBClientConfig;
