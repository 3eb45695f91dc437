import type { Plugin } from 'esbuild';

/**
 * Leaves out what the SDK imports late, but what is never loaded here: it has to do with event streams, which no operation
 * that is called has, or with browsers.
 */
export const withoutEventStreams: Plugin = {
  name: 'without-event-streams',
  setup({ onResolve }) {
    onResolve({ filter: /^(@smithy\/core\/event-streams|bowser)$/ }, ({ path, kind }) =>
      // S3's client imports the first one at once.
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};
