import type { Plugin } from 'esbuild';

/**
 * Leaves out of a bundle, or loads more cheaply, what the AWS SDK brings for other places than Lambda.
 * Each is here because it was measured; see docs/performance.md.
 */
export const forLambda: Plugin = {
  name: 'for-lambda',
  setup({ onResolve, onLoad }) {
    // An ES import of `node:http` evaluates each of its exports, and three of them load all of undici.
    onResolve({ filter: /^node:https?$/ }, ({ path }) => ({ path, namespace: 'builtin' }));
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
    }));

    // No operation of ours streams events. Even the SDK's late import of them keeps esbuild from leaving out
    // what else is unused in the same package, and makes it wrap each of its modules.
    onResolve({ filter: /^@smithy\/core\/event-streams$/ }, ({ path }) => ({ path, namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'export {};' }));

    // A function is configured by its environment alone; there is no ~/.aws to read.
    onLoad({ filter: /shared-ini-file-loader[\\/]loadSharedConfigFiles\.js$/ }, () => ({
      contents: `export const CONFIG_PREFIX_SEPARATOR = '.';
        export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });`,
    }));
  },
};
