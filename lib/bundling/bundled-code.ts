import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';

const LAMBDAS = join(import.meta.dirname, '../../lambdas');
const BUNDLE = join(import.meta.dirname, 'bundle.ts');
/** Bundles of the package, beside its compiled `lib`; `npm run build` makes them. A checkout has no such folder. */
const PREBUILT = join(import.meta.dirname, '../../functions');

/**
 * Returns the code of a function: the bundle of `lambdas/<task>.ts`. The package contains it; in a checkout esbuild makes
 * it on this machine. Both have the same bytes, so both are the same asset.
 * @throws {Error} when esbuild fails, after its message on stderr
 */
export function bundledCode(task: string): Code {
  const prebuilt = join(PREBUILT, task);
  if (existsSync(prebuilt)) return Code.fromAsset(prebuilt);
  const entry = join(LAMBDAS, `${task}.ts`);
  return Code.fromAsset(LAMBDAS, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK caches bundles by folder and command, so each function needs a command of its own.
      command: [task],
      local: { tryBundle: (folder) => bundle(entry, folder) },
      // Required but never used: local bundling either succeeds or throws.
      image: DockerImage.fromRegistry('none'),
    },
  });
}

function bundle(entry: string, folder: string): true {
  const { status, error } = spawnSync(process.execPath, [BUNDLE, entry, folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw error ?? new Error(`${entry} was not bundled: see esbuild's message above.`);
  return true;
}
