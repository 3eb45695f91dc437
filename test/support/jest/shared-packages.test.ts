import { createRequire } from 'node:module';
import { expect, test } from '@jest/globals';
import * as dynalite from 'dynalite';
import * as pMap from 'p-map';
import sharedPackages, { LOAD } from './shared-packages.ts';

const { resolve } = createRequire(import.meta.url);

/** Returns the package as Node has loaded it. */
const loadedByNode = (name: string): object => Reflect.get(globalThis, LOAD)(resolve(name));

test.each([
  ['a module', 'p-map', pMap],
  ['CommonJS', 'dynalite', dynalite],
])('a package that is %s is the one that Node loads for all files', (_, name, imported) => {
  expect(imported.default).toBeInstanceOf(Function);
  const loaded = loadedByNode(name);
  expect(Object.hasOwn(loaded, 'default') ? loaded : { default: loaded }).toMatchObject({
    default: imported.default,
  });
});

test('a package that is a module has its named exports', () => {
  expect(Object.keys(pMap)).toEqual(Object.keys(loadedByNode('p-map')));
});

test('what Jest loads by Node for itself stays as it is', () => {
  const code = 'module.exports = 1;';
  expect(sharedPackages.process(code, resolve('dynalite'), { supportsDynamicImport: false })).toEqual({
    code,
  });
});
