import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Gateway, lambdaApi, openGateway } from '../../local/gateway.ts';
import { createCommandLine } from '../support/cli/command-line.ts';

jest.setTimeout(60_000);

const OPERATOR = 'zoom-token-refresher-operator';
const HERE = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'hush-hush' };

let gateway: Gateway;
/** What Lambda answers: an error of AWS, or what the function does. */
let refuse: { status: number; type: string } | undefined;
let operator: () => Promise<unknown>;

beforeAll(async () => {
  gateway = await openGateway(0);
  gateway.serve([
    async (_, response) => {
      if (!refuse) return false;
      response.writeHead(refuse.status, {
        'content-type': 'application/json',
        'x-amzn-errortype': refuse.type,
      });
      response.end(JSON.stringify({ message: 'no' }));
      return true;
    },
    lambdaApi([{ name: OPERATOR, handler: () => operator(), timeoutSeconds: 60 }], 1),
  ]);
});

afterAll(() => gateway.close());

const commandLine = createCommandLine({});
afterAll(() => commandLine.close());

const run = (env: Record<string, string> = {}, ...args: string[]) =>
  commandLine.run(['status', ...args], { env: { AWS_ENDPOINT_URL_LAMBDA: gateway.url, ...env } });

describe('what AWS says becomes a sentence with what to do', () => {
  test('no credentials', async () => {
    const { code, stdout, stderr } = await run({ AWS_REGION: 'us-east-1' });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^✖ There are no AWS credentials\.\n {2}Sign in/);
  });

  test('no Region', async () => {
    const { code, stderr } = await run({ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ No AWS Region is chosen\.\n {2}Name the Region of the stack: --region/);
  });

  test('a profile that does not exist', async () => {
    const { code, stderr } = await run({ AWS_REGION: 'us-east-1' }, '--profile', 'nobody');
    expect(code).toBe(4);
    expect(stderr).toMatch(/profile/);
  });

  test('nothing listens', async () => {
    const { code, stderr } = await run({ ...HERE, AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:9' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ AWS cannot be reached \(ECONNREFUSED\)\.\n/);
  });

  test('a function that is not there, of another name', async () => {
    const { code, stderr } = await run(HERE, '--name', 'another');
    expect(code).toBe(4);
    expect(stderr).toBe(
      '✖ There is no function another-operator in this account and Region.\n' +
        '  Deploy it (npx cdk deploy), or name what is deployed: --name, --region, --profile.\n',
    );
  });

  test.each([
    ['AccessDeniedException', 403, 4, /OperatorPolicyArn/],
    ['ExpiredTokenException', 403, 4, /sign in again/],
    ['TooManyRequestsException', 429, 1, /Try again in a moment/],
    ['ServiceException', 500, 1, /AWS could not invoke/],
  ])('%s', async (type, status, code, message) => {
    refuse = { type, status };
    const ended = await run(HERE);
    refuse = undefined;
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(message);
  });
});

describe('what the function says', () => {
  test('that it failed: where to look, and nothing of what it threw', async () => {
    operator = async () => {
      throw new TypeError('hush-hush');
    };
    const { code, stderr } = await run(HERE);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `✖ ${OPERATOR} failed (TypeError).\n  Look into its log: aws logs tail /aws/lambda/${OPERATOR} --since 10m.\n`,
    );
  });

  test('that its time was over', async () => {
    operator = async () => {
      throw new Error('2026-11-24T00:00:00Z 1-2 Task timed out after 60.00 seconds');
    };
    const { code, stdout } = await run(HERE, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({ class: 'retry', code: 'function_timeout' });
  });

  test('that it does not know the action: another version is deployed', async () => {
    const error = { class: 'rejected', code: 'bad_request', message: 'no', action: 'no' };
    operator = async () => ({ ok: false, error });
    const { code, stderr } = await run(HERE);
    expect(code).toBe(4);
    expect(stderr).toContain('Deploy this version: npx cdk deploy.');
  });

  test.each([
    ['reconnect', 3],
    ['misconfigured', 4],
    ['retry', 1],
    ['rejected', 1],
  ])('a failure of the class %s is the exit status %i', async (failureClass, code) => {
    operator = async () => ({
      ok: false,
      error: { class: failureClass, code: 'x', message: 'It is so.', action: 'Do that.' },
    });
    expect(await run(HERE)).toEqual({ code, stdout: '', stderr: '✖ It is so.\n  Do that.\n' });
  });

  test('nothing that is JSON of ours', async () => {
    operator = async () => 'hush-hush';
    const { code, stderr } = await run(HERE);
    expect(code).toBe(1);
    expect(stderr).toMatch(/failed \(no answer\)/);
  });
});

describe('the program itself', () => {
  test.each([
    [[], /^✖ A command is missing\.\n/],
    [['statsu'], /^✖ Unknown command 'statsu'/],
    [['status', '--nonsense'], /^✖ Unknown option '--nonsense'/],
    [['status', 'a', 'b'], /^✖ Too many arguments/],
    [['rotate'], /^✖ Missing required argument 'connection'/],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await commandLine.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('wrong usage with --json is a document too', async () => {
    const { code, stdout, stderr } = await commandLine.run(['--json', 'nonsense']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout).error).toMatchObject({ class: 'rejected', code: 'usage' });
  });

  test.each(['setup', 'connect', 'status', 'rotate', 'disconnect'])(
    '%s --help has examples',
    async (command) => {
      const { code, stdout } = await commandLine.run([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: zoom-tokens ${command} `));
      expect(stdout).toMatch(new RegExp(`\nExamples:\n {2}zoom-tokens ${command}`));
      expect(stdout).toContain('--json');
    },
  );

  test('--help lists the exit statuses', async () => {
    const { stdout } = await commandLine.run(['--help']);
    for (const status of ['0', '1', '2', '3', '4', '130'])
      expect(stdout).toMatch(new RegExp(`^ {2}${status} `, 'm'));
  });

  test('is started by a JavaScript file, which an older Node can read', async () => {
    const launcher = new URL('../../bin/zoom-tokens.js', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, [launcher, '--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('said no credential', () => {
    expect(commandLine.said()).not.toContain('hush-hush');
  });
});
