import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Gateway, lambdaApi, openGateway } from '../../local/gateway.ts';
import { createCommandLine } from '../support/cli/command-line.ts';

const OPERATOR = 'zoom-token-refresher-operator';
const ENDLESS = 'x'.repeat(3000);
const HERE = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'hush-hush' };

let gateway: Gateway;
/** An error that Lambda responds with instead of invoking the function. */
let awsError: { status: number; type: string } | undefined;
let operator: () => Promise<unknown>;

beforeAll(async () => {
  gateway = await openGateway(0);
  gateway.serve([
    async (_, response) => {
      if (!awsError) return false;
      response.writeHead(awsError.status, {
        'content-type': 'application/json',
        'x-amzn-errortype': awsError.type,
      });
      response.end(JSON.stringify({ message: 'no' }));
      return true;
    },
    lambdaApi([{ name: OPERATOR, handler: () => operator(), timeoutSeconds: 60 }], 1),
  ]);
});

afterAll(() => gateway.close());

beforeEach(() => {
  awsError = undefined;
  operator = async () => {
    throw new Error('This test did not expect an invocation.');
  };
});

const commandLine = createCommandLine({});
afterAll(() => commandLine.close());
afterEach(() => {
  expect(commandLine.transcript()).not.toContain('hush-hush');
});

const run = (env: Record<string, string> = {}, ...args: string[]) =>
  commandLine.run(['status', ...args], { env: { AWS_ENDPOINT_URL_LAMBDA: gateway.url, ...env } });

describe('errors of AWS', () => {
  test('a command without AWS credentials says how to sign in', async () => {
    const { code, stdout, stderr } = await run({ AWS_REGION: 'us-east-1' });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toMatch(/^✖ No AWS credentials found\.\n {2}Sign in/);
  });

  test('a command without an AWS Region says how to set one', async () => {
    const { code, stderr } = await run({ AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ No AWS Region is set\.\n {2}Name the Region of the stack: --region/);
  });

  test('a command with an AWS profile that does not exist names the profile', async () => {
    const { code, stderr } = await run({ AWS_REGION: 'us-east-1' }, '--profile', 'nope');
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^✖ AWS profile "nope" not found\. .* have no profiles\.\n {2}Create it: aws configure sso --profile nope\n/,
    );
  });

  test('a command whose AWS endpoint refuses the connection says that AWS is unreachable', async () => {
    const { code, stderr } = await run({ ...HERE, AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:9' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ AWS is unreachable \(ECONNREFUSED\)\.\n/);
  });

  test('a command with a name that is not deployed says which function is missing', async () => {
    const { code, stderr } = await run(HERE, '--name', 'another');
    expect(code).toBe(4);
    expect(stderr).toBe(
      '✖ Function another-operator not found in this AWS account and Region.\n' +
        '  Deploy it (npx cdk deploy), or choose the installation that is deployed: --name, --region, --profile.\n',
    );
  });

  test.each([
    ['AccessDeniedException', 403, 4, /OperatorPolicyArn/],
    ['ExpiredTokenException', 403, 4, /sign in again/],
    ['TooManyRequestsException', 429, 1, /AWS throttled the request .*\n {2}Retry in a minute/],
    ['ServiceException', 500, 1, /AWS could not invoke/],
  ])(
    'the AWS error %s with the status %i exits with %i and says what to do',
    async (type, status, code, message) => {
      awsError = { type, status };
      const result = await run(HERE);
      expect(result).toMatchObject({ code, stdout: '' });
      expect(result.stderr).toMatch(message);
    },
  );
});

describe('responses of the operator function', () => {
  test('a crash of the operator function names its log, and shows nothing of the thrown text', async () => {
    operator = async () => {
      throw new TypeError('hush-hush');
    };
    const { code, stderr } = await run(HERE);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `✖ ${OPERATOR} failed (TypeError).\n  Read its log: aws logs tail /aws/lambda/${OPERATOR} --since 10m\n`,
    );
  });

  test('a timeout of the operator function is retryable', async () => {
    operator = async () => {
      throw new Error('2026-11-24T00:00:00Z 1-2 Task timed out after 60.00 seconds');
    };
    const { code, stdout } = await run(HERE, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({ class: 'retry', code: 'function_timeout' });
  });

  test('an action that the operator function does not know means that another version is deployed', async () => {
    const error = { class: 'rejected', code: 'bad_request', message: 'no', action: 'no' };
    operator = async () => ({ ok: false, error });
    const { code, stderr } = await run(HERE);
    expect(code).toBe(4);
    expect(stderr).toContain('Deploy this version: npx cdk deploy\n');
  });

  test.each([
    ['reconnect', 3],
    ['misconfigured', 4],
    ['retry', 1],
    ['rejected', 1],
  ])('a failure of the class %s exits with %i', async (failureClass, code) => {
    operator = async () => ({
      ok: false,
      error: { class: failureClass, code: 'x', message: 'It is so.', action: 'Do that.' },
    });
    expect(await run(HERE)).toEqual({ code, stdout: '', stderr: '✖ It is so.\n  Do that.\n' });
  });

  test('a response in an unknown shape counts as a failure of the function, and is not shown', async () => {
    operator = async () => 'hush-hush';
    const { code, stderr } = await run(HERE);
    expect(code).toBe(1);
    expect(stderr).toMatch(/failed \(no response\)/);
  });
});

describe('the program', () => {
  test.each([
    [[], /^Usage: npx zoom-tokens /],
    [['statsu'], /^✖ Unknown command "statsu"\. Did you mean "status"\?\n/],
    [['status', '--nonsense'], /^✖ Unknown option "--nonsense"/],
    [['status', 'a', 'b'], /^✖ Too many arguments/],
    [['n8n', 'lnik', 'main'], /^✖ Too many arguments .* Did you mean "link"\?\n/],
    [['rotate'], /^✖ Missing required argument "connection"/],
  ])('the arguments %j are wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await commandLine.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each([
    [[ENDLESS]],
    [['help', ENDLESS]],
    [['status', `--${ENDLESS}`]],
    [['status', '--name', ENDLESS]],
  ])('an argument without end is cut in the message', async (args) => {
    const { code, stderr } = await commandLine.run(args);
    expect(code).toBe(2);
    expect(stderr.length).toBeLessThan(500);
  });

  test('wrong usage with --json prints the failure as the document', async () => {
    const { code, stdout, stderr } = await commandLine.run(['--json', 'nonsense']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout).error).toMatchObject({ class: 'rejected', code: 'usage' });
  });

  test.each(['setup', 'connect', 'status', 'rotate', 'disconnect'])(
    '%s --help shows examples',
    async (command) => {
      const { code, stdout } = await commandLine.run([command, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: npx zoom-tokens ${command} `));
      expect(stdout).toMatch(new RegExp(`\nExamples:\n {2}npx zoom-tokens ${command}`));
      expect(stdout).toContain('--json');
    },
  );

  test('the help of the program lists the exit statuses', async () => {
    const { stdout } = await commandLine.run(['--help']);
    for (const status of ['0', '1', '2', '3', '4', '5', '130', '141'])
      expect(stdout).toMatch(new RegExp(`^ {2}${status} `, 'm'));
  });

  test('the program starts from a JavaScript file, which an older Node can parse', async () => {
    const launcher = new URL('../../bin/zoom-tokens.js', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, [launcher, '--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('no command prints the AWS credentials or the text of a crash', async () => {
    operator = async () => {
      throw new TypeError('hush-hush');
    };
    await run(HERE);
    await run(HERE, '--json');
    expect(commandLine.transcript()).toContain('TypeError');
    expect(commandLine.transcript()).not.toContain('hush-hush');
  });

  test('the program without a command and with --json prints the failure as the document', async () => {
    const { code, stdout } = await commandLine.run(['--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ class: 'rejected', code: 'usage' });
  });
});
