import { SourceMap } from 'node:module';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { build, type Metafile } from 'esbuild';
import { bundleOptions } from '../lib/bundling/bundle-options.ts';

// `npm run where -- <function> <place…>` prints the source file and line of a place in a bundle. A place is
// `index.mjs:37:1234`, as in `at` of a log line; text around it is ignored. Without a place it reads the log from standard
// input. A bundle has the same bytes wherever it is made, so the checkout must have the deployed version.

const ROOT = join(import.meta.dirname, '..');
const [task = '', ...places] = process.argv.slice(2);
if (!['callback', 'rotate', 'operator'].includes(task)) {
  process.stderr.write('Usage: npm run where -- callback|rotate|operator [index.mjs:37:1234 …]\n');
  process.exit(2);
}

const log = places.length > 0 ? places.join('\n') : await text(process.stdin);
const deployed = await bundle(false);
const mapped = await bundle('external');
let isUnknown = false;
for (const [place, file = '', line, column] of log.matchAll(/([\w-]+\.mjs):(\d+):(\d+)/g)) {
  const origin = mapOf(file)?.findOrigin(Number(line), Number(column));
  if (origin && 'fileName' in origin) {
    process.stdout.write(
      `${place}  ${relative(ROOT, join(ROOT, 'lib/bundling', origin.fileName))}:${origin.lineNumber}\n`,
    );
  } else {
    isUnknown = true;
    process.stdout.write(
      `${place}  is not in the ${task} function of this checkout. Check out the deployed version.\n`,
    );
  }
}
if (isUnknown) process.exitCode = 1;

function bundle(sourcemap: 'external' | false) {
  const options = bundleOptions(join(ROOT, 'lambdas', `${task}.ts`), '.');
  return build({ ...options, sourcemap, metafile: true, write: false });
}

/** Finds the source map of a file. A late file's name is a hash that includes its map, so it is matched by its inputs. */
function mapOf(file: string): SourceMap | undefined {
  const made = sourcesOf(deployed.metafile, file);
  const twin = Object.keys(mapped.metafile.outputs).find(
    (name) => name.endsWith('.mjs') && made !== undefined && sourcesOf(mapped.metafile, name) === made,
  );
  const map = mapped.outputFiles.find(({ path }) => twin !== undefined && path.endsWith(`/${twin}.map`));
  return map && new SourceMap(JSON.parse(map.text));
}

function sourcesOf({ outputs }: Metafile, file: string): string | undefined {
  const output = outputs[file];
  return output && JSON.stringify(Object.keys(output.inputs));
}
