import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleMetafile } from './bundle-metafile.ts';

// `npm run sbom` writes the packages in each function's bundle to tmp/sbom/<function>.cdx.json, as CycloneDX 1.6.

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'tmp/sbom');

interface Locked {
  version: string;
  integrity?: string;
  license?: string;
}

const { version, packages }: { version: string; packages: Record<string, Locked> } = JSON.parse(
  readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
);

/** Returns the folders of the packages of which the bundle has a part, as the lock file names them. */
async function bundledPackages(task: string): Promise<string[]> {
  const { outputs } = await bundleMetafile(task);
  const inputs = Object.values(outputs).flatMap(({ inputs: parts }) => Object.keys(parts));
  const folders = inputs.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].map((folder) => folder.slice(folder.indexOf('node_modules/'))).sort();
}

function component(folder: string) {
  const locked = packages[folder];
  if (!locked?.integrity) throw new Error(`package-lock.json has no integrity for ${folder}. Run npm ci.`);
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const [algorithm = '', digest = ''] = locked.integrity.split('-');
  return {
    type: 'library',
    name,
    version: locked.version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${locked.version}`,
    hashes: [
      { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') },
    ],
    ...(locked.license && { licenses: [{ expression: locked.license }] }),
  };
}

mkdirSync(FOLDER, { recursive: true });
for (const task of ['callback', 'rotate', 'operator']) {
  const components = (await bundledPackages(task)).map(component);
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: `zoom-token-refresher-${task}`, version } },
    components,
  };
  const file = join(FOLDER, `${task}.cdx.json`);
  writeFileSync(file, `${JSON.stringify(bom, undefined, 2)}\n`);
  process.stdout.write(`tmp/sbom/${task}.cdx.json: ${components.length} packages\n`);
}
