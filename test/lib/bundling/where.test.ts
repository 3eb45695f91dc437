import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'where-'));
/** A DynamoDB that answers with less than it has to. */
let dynamodb: LoopbackServer;

beforeAll(async () => {
  dynamodb = await listenOnLoopback(createServer((_, response) => response.end('{}')));
  run(join(ROOT, 'lib/bundling/bundle.ts'), [join(ROOT, 'lambdas/operator.ts'), folder]);
});
afterAll(async () => {
  await dynamodb.close();
  rmSync(folder, { recursive: true });
});

const where = (args: string[], input = '') => run(join(ROOT, 'scripts/where.ts'), args, input);

function run(program: string, args: string[], input = '') {
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8', input });
}

/** Returns the log that a deployed function writes for an unexpected error. */
async function logOfUnexpectedError(): Promise<string> {
  const rotate = `
    const { handler } = await import('${pathToFileURL(join(folder, 'index.mjs')).href}');
    await handler({ action: 'rotate', connection: 'main' }, { getRemainingTimeInMillis: () => 60000 });`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', rotate], {
    env: {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      ...{ TABLE_NAME: 't', RESCUE_BUCKET: 'r', APP_SECRETS: '{}' },
      PUBLIC_URL: 'https://tokens.example.com',
    },
  });
  return stderr;
}

describe('npm run where', () => {
  test('finds the source lines of an unexpected error in the log', async () => {
    const { stdout, status } = where(['operator'], await logOfUnexpectedError());
    const found = stdout.split('\n').map((line) => line.replace(/^.* {2}(.*):\d+$/, '$1'));
    expect(found).toEqual(
      expect.arrayContaining(['lambdas/aws/table/items.ts', 'lambdas/tokens/operate/rotate-now.ts']),
    );
    expect(status).toBe(0);
  });

  test('takes a place from the command line, and reports one that is not in the bundle', () => {
    const { stdout, status } = where(['rotate', 'at q (file:///var/task/other-ABCDEFGH.mjs:1:2)']);
    expect(stdout).toContain('other-ABCDEFGH.mjs:1:2  is not in the rotate function');
    expect(status).toBe(1);
  });

  test('prints its usage for an unknown function', () => {
    expect(where(['nothing'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('npm run where --'),
    });
  });
});
