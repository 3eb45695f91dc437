import { expect, test } from '@jest/globals';
import { createSecretSearch } from './secret-search.ts';

const SECRET = 'eyJhbGciOi.J9_-x~y+/z==';

test.each([
  SECRET,
  `${SECRET}!`,
  `"token":"${SECRET}"`,
  `abc${SECRET}def`,
  `${SECRET}${SECRET}`,
  `a\n${SECRET}\nb`,
])('the secret is found in %j, once', (text) => {
  const search = createSecretSearch();
  search.add(SECRET);
  expect(search.find(text)).toEqual([SECRET]);
});

test.each([
  '',
  'a word',
  SECRET.slice(0, -1),
  SECRET.slice(1),
  SECRET.toUpperCase(),
  SECRET.replace('.', ' '),
])('the secret is not found in %j', (text) => {
  const search = createSecretSearch();
  search.add(SECRET);
  expect(search.find(text)).toEqual([]);
});

test('of secrets that begin alike, those in the text are found', () => {
  const search = createSecretSearch();
  const secrets = ['0123456789abcdef-one', '0123456789abcdef-two', '0123456789abcdef'];
  for (const secret of secrets) search.add(secret);
  expect(search.find('x0123456789abcdef-two').sort()).toEqual(['0123456789abcdef', '0123456789abcdef-two']);
  expect(secrets.map(search.has)).toEqual([true, true, true]);
  expect(search.has('0123456789abcdef-three')).toBe(false);
});

test.each(['short', 'a secret with spaces in it', ''])(
  'the secret %j, which would be missed, is refused',
  (secret) => {
    expect(() => createSecretSearch().add(secret)).toThrow(TypeError);
  },
);
