import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';

const LAMBDAS = join(import.meta.dirname, '../../lambdas');
const BUNDLE = join(import.meta.dirname, 'bundle.ts');
/** Beside the compiled `lib` of the package, made by `npm run build`. A checkout has none beside its own. */
const PREBUILT = join(import.meta.dirname, '../../functions');

/**
 * `lambdas/<task>.ts` with everything it imports, as `index.mjs` and what that loads late. The package brings it along; in a checkout esbuild
 * makes it on this machine. Both are the same bytes, so both are the same asset.
 * @throws {Error} when esbuild fails; it has said why on stderr
 */
export function bundledCode(task: string): Code {
  const prebuilt = join(PREBUILT, task);
  if (existsSync(prebuilt)) return Code.fromAsset(prebuilt);
  const entry = join(LAMBDAS, `${task}.ts`);
  return Code.fromAsset(LAMBDAS, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The CDK tells bundles of one folder apart by their command.
      command: [task],
      local: { tryBundle: (folder) => bundle(entry, folder) },
      // Never used: the local bundling either succeeds or throws.
      image: DockerImage.fromRegistry('none'),
    },
  });
}

function bundle(entry: string, folder: string): true {
  const { status, error } = spawnSync(process.execPath, [BUNDLE, entry, folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw error ?? new Error(`${entry} cannot be bundled; see esbuild's message above.`);
  return true;
}
