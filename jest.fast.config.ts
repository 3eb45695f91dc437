import config from './jest.config.ts';

/**
 * The tests of `npm run test:fast`: the domain, the parts of the command line that need no installation, and the settings
 * and rules of the stack. test/fast.test.ts fails when a pattern matches no file or a file loads a synthesis or a bundle.
 */
export const FAST_TESTS = [
  'test/lambdas/tokens/**/*.test.ts',
  'test/promises/*.test.ts',
  'test/support/world/*.test.ts',
  'test/cli/connection/!(push-only).test.ts',
  'test/cli/aws/!(network|profiles|tls).test.ts',
  'test/lib/settings/!(choices|readers).test.ts',
];

export default { ...config, testMatch: FAST_TESTS.map((pattern) => `<rootDir>/${pattern}`) };
