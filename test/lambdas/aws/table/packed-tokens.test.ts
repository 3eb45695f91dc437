import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { packTokens, unpackTokens } from '../../../../lambdas/aws/table/packed-tokens.ts';

const part = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes).toString('base64url'));

test('a JWE is packed into the bytes of its parts and two for the length of each', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 5, maxLength: 5 }), (parts) => {
      const packed = packTokens(parts.join('.'));
      const bytes = parts.reduce((sum, each) => sum + 2 + Buffer.from(each, 'base64url').length, 0);
      expect(packed).toHaveLength(bytes);
      expect(packed).toBeInstanceOf(Uint8Array);
      expect(unpackTokens(packed)).toBe(parts.join('.'));
    }),
  );
});

test.each(['', 'no base64url!', 'AB', 'A'.repeat(100_000)])(
  'any other text stays as it is: %.20s',
  (text) => {
    expect(unpackTokens(packTokens(text))).toBe(text);
  },
);

test.each([undefined, 4711])('what is neither bytes nor text stays as it is: %s', (value) => {
  expect(unpackTokens(value)).toBe(value);
});
