import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundleOptions } from '../../lib/bundling/bundle-options.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Creates a folder for bundles outside the repository, so that Node finds none of its packages. */
export const bundlesFolder = (): string => mkdtempSync(join(tmpdir(), 'bench-'));

/** Makes the function's bundle with the program that the CDK runs. Returns its folder. */
export function deployedBundle(task: string, folder: string): string {
  const out = join(folder, task);
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'lib/bundling/bundle.ts'), join(ROOT, 'lambdas', `${task}.ts`), out],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) throw new Error(`lambdas/${task}.ts was not bundled: see esbuild's message above.`);
  return out;
}

/** Makes a variant of the function's bundle, with parts of its source replaced by `plugins`. Returns its folder. */
export async function variedBundle(task: string, out: string, plugins: Plugin[]): Promise<string> {
  const options = bundleOptions(join(ROOT, 'lambdas', `${task}.ts`), out);
  await build({ ...options, plugins: [...plugins, ...(options.plugins ?? [])] });
  return out;
}

/** Bundles a handler with esbuild's defaults for Node, minified. Returns its folder. */
export async function ordinaryBundle(entry: string, folder: string, plugins: Plugin[] = []): Promise<string> {
  const out = join(folder, entry.replace(/.*\/|\.ts$/g, ''));
  await build({ ...ORDINARY, entryPoints: [entry], outfile: join(out, 'index.js'), plugins });
  return out;
}

/** Bundles `native-client.ts`, which `startFunction` needs. Returns the file. */
export async function nativeClient(folder: string): Promise<string> {
  const outfile = join(folder, 'native-client.js');
  await build({ ...ORDINARY, entryPoints: [join(import.meta.dirname, 'native-client.ts')], outfile });
  return outfile;
}

const ORDINARY: BuildOptions = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  logLevel: 'warning',
};

/** Replaces a pattern in files of that name. The build fails without such a file, or without the pattern in it. */
export function replacing(file: RegExp, pattern: RegExp, by: (...match: string[]) => string): Plugin {
  return {
    name: 'replacing',
    setup({ initialOptions, onLoad, onEnd }) {
      let isReplaced = false;
      onLoad({ filter: file }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (source.search(pattern) < 0) throw new Error(`${path} does not have ${pattern}.`);
        isReplaced = true;
        return { contents: source.replace(pattern, by), loader: path.endsWith('.ts') ? 'ts' : 'js' };
      });
      onEnd(() => {
        // The plugin of the functions builds some of their parts on their own, from standard input.
        if (!isReplaced && initialOptions.stdin === undefined)
          throw new Error(`No bundled file matches ${file}.`);
      });
    },
  };
}
