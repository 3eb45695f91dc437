import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The programs that tests start find what an earlier one has compiled; it is where Node puts it unless told.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

/** @type {import('jest').Config} */
export default {
  // Only what hangs takes so long; a program that a test starts may have to wait for its turn on a busy machine.
  testTimeout: 30_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: 'node',
  // A worker for every core: the process that starts them has next to nothing to do meanwhile.
  maxWorkers: '100%',
  // What a test file has loaded is never freed wholly; without this the last files would wait for the collector.
  workerIdleMemoryLimit: '768MB',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' },
    ],
  },
  // A bundle, a synthesized stack and the package must not be found as modules of the project.
  modulePathIgnorePatterns: ['<rootDir>/cdk.out', '<rootDir>/dist'],
};
