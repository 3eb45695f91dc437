import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { types } from 'node:util';

/** The property of the global object that has the function `load`. */
export const LOAD = 'zoom-token-refresher.load';

/** Returns the exports of the file at `path`, which Node loads once in a process. */
const load = (path: string): object => createRequire(path)(path);

// In a test of this file, `createRequire` is Jest's.
if (!(LOAD in globalThis)) Object.assign(globalThis, { [LOAD]: load });

/**
 * Jest's transform of the packages. In place of a module of its own for each test file, all files of a worker get the one
 * that Node loads.
 */
export default {
  process: transformed,

  // Depends on what the package exports, which other packages may decide.
  getCacheKey: (...args: Parameters<typeof transformed>): string =>
    createHash('sha256')
      .update(transformed(...args).code)
      .digest('hex'),
};

/** Returns the code that a test file loads. Jest loads its own parts without dynamic imports, and by Node already. */
function transformed(
  code: string,
  path: string,
  { supportsDynamicImport }: { supportsDynamicImport: boolean },
) {
  return { code: supportsDynamicImport ? exportsOf(path) : code };
}

/** Returns the code of a module that exports what the file at `path` does. */
function exportsOf(path: string): string {
  const exports = load(path);
  const loaded = `globalThis['${LOAD}'](${JSON.stringify(path)})`;
  if (!types.isModuleNamespaceObject(exports)) return `module.exports = ${loaded};`;
  const names = Object.keys(exports).filter((name) => name !== 'module.exports');
  return [
    `const loaded = ${loaded};`,
    ...names.map((name, index) => `const export${index} = loaded.${name};`),
    `export { ${names.map((name, index) => `export${index} as ${name}`).join(', ')} };`,
  ].join('\n');
}
