import { createHash, createHmac } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Sha256 } from '../../../lambdas/aws/client-options.ts';

/** The inputs of the SDK: text, bytes, or an ArrayBuffer. */
const source = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
  fc.uint8Array().map((bytes) => new Uint8Array(bytes).buffer),
);
const bytesOf = (value: string | Uint8Array | ArrayBuffer) =>
  value instanceof ArrayBuffer ? new Uint8Array(value) : value;

test('the hash for signatures is SHA-256 without a secret and HMAC-SHA-256 with one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.option(source, { nil: undefined }), fc.array(source), async (secret, chunks) => {
      const expected =
        secret === undefined ? createHash('sha256') : createHmac('sha256', Buffer.from(bytesOf(secret)));
      const hash = new Sha256(secret);
      for (const chunk of chunks) {
        expected.update(bytesOf(chunk));
        hash.update(chunk);
      }
      expect(Buffer.from(await hash.digest()).toString('hex')).toBe(expected.digest('hex'));
    }),
  );
});
