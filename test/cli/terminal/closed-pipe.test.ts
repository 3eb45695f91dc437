import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { devNull } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ConnectionView } from '../../../lambdas/operator-protocol.ts';
import { AWS, startAws } from '../../support/network/aws-server.ts';

// Real pipes of a real shell. The exit status of the program itself is the first of PIPESTATUS.

const ROOT = new URL('../../..', import.meta.url).pathname;
const connections: ConnectionView[] = Array.from({ length: 3000 }, (_, index) => ({
  connection: `connection-${index}`,
  app: 'default',
  grant: 'user',
  status: 'active',
  generation: 1,
  consentedAt: 0,
  targets: [],
})) as unknown as ConnectionView[];

let aws: Awaited<ReturnType<typeof startAws>>;
let env: Record<string, string>;

beforeAll(async () => {
  aws = await startAws(undefined, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ok: true, result: { now: 0, connections, links: [] } }));
  });
  env = {
    ...{ ...AWS, PATH: process.env.PATH ?? '', HOME: devNull, NODE: process.execPath },
    ...{ AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull, AWS_ENDPOINT_URL_LAMBDA: aws.url },
  };
});
afterAll(() => aws.close());

const shell = (script: string) =>
  promisify(execFile)('bash', ['--norc', '-c', script], { cwd: ROOT, env, maxBuffer: 1e8 });

const PROGRAM = '"$NODE" bin/zoom-tokens.js';

test.each(['status', 'status --json', '--help', 'status --help'])(
  '%s into head -1 ends silently, with the status of SIGPIPE or success',
  async (command) => {
    const { stdout, stderr } = await shell(
      `${PROGRAM} ${command} | head -1 > ${devNull}; echo "status \${PIPESTATUS[0]}"`,
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(command.includes('help') ? /^status (0|141)\n$/ : /^status 141\n$/);
  },
);

test('a pager that the person quits at once ends the program silently', async () => {
  const { stdout, stderr } = await shell(`${PROGRAM} status | true; echo "status \${PIPESTATUS[0]}"`);
  expect({ stdout, stderr }).toEqual({ stdout: 'status 141\n', stderr: '' });
});

test('standard output and standard error in the same closed pipe end silently', async () => {
  const { stdout, stderr } = await shell(`${PROGRAM} status 2>&1 | true; echo "status \${PIPESTATUS[0]}"`);
  expect({ stdout, stderr }).toEqual({ stdout: 'status 141\n', stderr: '' });
});

test('a failure whose standard error has no reader keeps its exit status', async () => {
  const { stdout } = await shell(
    `${PROGRAM} nonsense 2>&1 >${devNull} | true; echo "status \${PIPESTATUS[0]}"`,
  );
  expect(stdout).toBe('status 2\n');
});

test('a command without a standard error prints its result', async () => {
  const { stdout } = await shell(`${PROGRAM} status --json 2>&-; true`);
  expect(JSON.parse(stdout).connections).toHaveLength(3000);
});

test('a reader that reads everything receives all connections', async () => {
  const { stdout, stderr } = await shell(`${PROGRAM} status --json | cat; true`);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout).connections).toHaveLength(3000);
});

test('a reader that closes in the middle of the output ends the program silently', async () => {
  const child = spawn(process.execPath, ['bin/zoom-tokens.js', 'status', '--json'], { cwd: ROOT, env });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = await once(child, 'close');
  expect({ code, errors }).toEqual({ code: 141, errors: '' });
});

test('a full disk under standard output is named', async () => {
  const { stdout, stderr } = await shell(`${PROGRAM} status > /dev/full; echo "status $?"`);
  expect(stdout).toBe('status 1\n');
  expect(stderr).toMatch(/^✖ Standard output cannot be written \(ENOSPC\)\.\n/);
});
