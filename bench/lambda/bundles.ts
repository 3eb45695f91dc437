import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '..', '..');

/** A folder for bundles outside the repository, so that nothing is found in its node_modules. */
export const bundlesFolder = (): string => mkdtempSync(join(tmpdir(), 'bench-'));

/** The function's bundle, made by the program that the CDK runs. Answers its folder. */
export function deployedBundle(task: string, folder: string): string {
  const out = join(folder, task);
  const { status } = spawnSync(
    process.execPath,
    [join(ROOT, 'lib', 'bundle.ts'), join(ROOT, 'lambdas', `${task}.ts`), out],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) throw new Error(`lambdas/${task}.ts cannot be bundled.`);
  return out;
}

/** A handler bundled the ordinary way: esbuild's defaults for Node, minified. Answers its folder. */
export async function ordinaryBundle(entry: string, folder: string, plugins: Plugin[] = []): Promise<string> {
  const out = join(folder, entry.replace(/.*\/|\.ts$/g, ''));
  await build({ ...ORDINARY, entryPoints: [entry], outfile: join(out, 'index.js'), plugins });
  return out;
}

/** What `startFunction` needs besides a function. Answers the file. */
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

/** Replaces a text in files of that name. @throws at the build's end when it is not there */
export function replacing(file: RegExp, text: string | RegExp, by: string): Plugin {
  return {
    name: 'replacing',
    setup({ onLoad }) {
      onLoad({ filter: file }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const contents = source.replace(text, by);
        if (contents === source) throw new Error(`${path} does not have ${text}.`);
        return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
      });
    },
  };
}
