import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from 'jest';

// The programs that tests start share compiled code. This is where Node keeps it by default.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

export default {
  rootDir: import.meta.dirname,
  // Only a test that hangs takes this long. On a busy machine, a program that a test starts may wait for a core.
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: '<rootDir>/test/support/jest/main-context-environment.ts',
  globalSetup: '<rootDir>/test/support/jest/build-command-line.ts',
  globalTeardown: '<rootDir>/test/support/jest/remove-command-line.ts',
  testSequencer: '<rootDir>/test/support/jest/slow-first.ts',
  // Two workers more than there are cores: some tests wait for a program, a browser or a pause.
  maxWorkers: availableParallelism() + 2,
  // Jest never frees all that a test file has loaded. Without this limit the last files wait for the garbage collector.
  workerIdleMemoryLimit: '1GB',
  extensionsToTreatAsEsm: ['.ts'],
  injectGlobals: false,
  transformIgnorePatterns: [],
  transform: {
    '/node_modules/.*\\.[cm]?js$': '<rootDir>/test/support/jest/shared-packages.ts',
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, sourceMaps: true },
    ],
  },
  // Copies of the project's modules in bundles, synthesized stacks and the package must not be resolved.
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/dist'],
} satisfies Config;
