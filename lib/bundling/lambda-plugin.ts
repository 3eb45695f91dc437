import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { build, type Loader, type Plugin } from 'esbuild';

/**
 * Removes parts of the AWS SDK that Lambda does not need, or loads them more cheaply. docs/performance.md has the
 * measured effect of each.
 */
export const forLambda: Plugin = {
  name: 'for-lambda',
  setup({ initialOptions, onLoad }) {
    const replace = (file: RegExp, contents: string, loader: Loader = 'js') =>
      onLoad({ filter: file }, () => ({ contents, loader }));

    // S3 is asked when DynamoDB is down, which is nearly never, and Lambda in a consent alone. With the modules that they
    // share with the other clients in files of their own, what is read at each start stays as it is: otherwise it grows by
    // 30 kB.
    onLoad({ filter: /lambdas[\\/]aws[\\/](lambda|s3)-client\.ts$/ }, async ({ path }) => {
      const {
        entryPoints: _,
        outdir: __,
        banner: ___,
        metafile: ____,
        sourcemap: _____,
        ...common
      } = initialOptions;
      const { outputFiles } = await build({
        ...common,
        splitting: false,
        write: false,
        stdin: { contents: await readFile(path, 'utf8'), loader: 'ts', resolveDir: dirname(path) },
      });
      const [alone] = outputFiles;
      if (!alone) throw new Error(`esbuild made nothing of ${path}.`);
      return { contents: alone.text, loader: 'js' };
    });

    // A function is configured by its environment alone: Lambda has no ~/.aws.
    replace(
      /shared-ini-file-loader[\\/]loadSharedConfigFiles\.js$/,
      `export const CONFIG_PREFIX_SEPARATOR = '.';
      export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });`,
    );

    // DynamoDB's client allocates a cache for endpoint discovery, which none of its operations uses any more.
    replace(
      /middleware-endpoint-discovery[\\/]dist-es[\\/]index\.js$/,
      `export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
        environmentVariableSelector: () => undefined, configFileSelector: () => undefined, default: false,
      };
      export const resolveEndpointDiscoveryConfig = (config) => config;`,
    );

    // A client uses only the version of its package.json, in the user agent.
    onLoad({ filter: /@aws-sdk[\\/]client-[\w-]+[\\/]package\.json$/ }, async ({ path }) => {
      const { version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};
