import { isContext } from 'node:vm';
import { expect, test } from '@jest/globals';

test('the global object of a test file is that of its context itself', () => {
  expect(isContext(globalThis)).toBe(true);
});
