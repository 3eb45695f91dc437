import { basename } from 'node:path';
import { expect, test } from '@jest/globals';
import { cacheFolder } from './emulator.ts';

test('the emulator of a checkout that was moved or copied is installed anew, because its venv holds absolute paths', () => {
  const before = cacheFolder('/home/ada/zoom-token-refresher');
  const after = cacheFolder('/srv/zoom-token-refresher');
  expect(before).toMatch(
    /^\/home\/ada\/zoom-token-refresher\/node_modules\/\.cache\/aws-emulator-[0-9a-f]{12}$/,
  );
  // The cache was moved with the checkout, so the name in it must differ.
  expect(basename(after)).not.toBe(basename(before));
});

test('a checkout that stays where it is keeps its emulator', () => {
  expect(cacheFolder('/srv/zoom-token-refresher')).toBe(cacheFolder('/srv/zoom-token-refresher'));
});
