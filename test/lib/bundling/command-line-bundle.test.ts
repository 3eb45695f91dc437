import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

// What a command loads is most of the time that it takes to start.

/** Runs a command of the package, and returns the modules of Node that it has loaded. */
function loadedBy(command: string): string[] {
  const main = join(process.env.ZOOM_TOKENS_PACKAGE ?? '', 'bin/zoom-tokens.js');
  const source = `
    process.on('exit', () => process._rawDebug(process.moduleLoadList.join('\\n')));
    process.argv[1] = ${JSON.stringify(main)};
    await import(${JSON.stringify(main)});`;
  const { stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', source, main, command],
    // Nothing listens on port 9.
    { encoding: 'utf8', env: { ...CREDENTIALS, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } },
  );
  return stderr.split('\n').flatMap((line) => /^NativeModule (.+)/.exec(line)?.[1] ?? []);
}

const CREDENTIALS = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };

test('a command that sends a request loads no part of Node that it does not use', () => {
  const loaded = loadedBy('status');
  expect(loaded).toEqual(expect.arrayContaining(['http', 'crypto']));
  const unused = [
    'internal/deps/undici/undici',
    'http2',
    'worker_threads',
    'internal/util/parse_args/parse_args',
  ];
  expect(loaded.filter((name) => unused.includes(name))).toEqual([]);
});

test('a command without a request loads neither the AWS SDK nor what a request needs', () => {
  expect(loadedBy('version').filter((name) => ['http', 'crypto', 'tls', 'zlib'].includes(name))).toEqual([]);
});
