import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { createCommandLine } from '../../support/cli/command-line.ts';
import { AWS, startAws } from '../../support/network/aws-server.ts';

// What a real network puts in the place of AWS, and what AWS says to a machine that is set up wrongly.

const commandLine = createCommandLine({ ...AWS, AWS_MAX_ATTEMPTS: '1' });
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
afterAll(() => commandLine.close());

const run = (env: Record<string, string>, ...args: string[]) => commandLine.run(['status', ...args], { env });

async function runAgainst(respond: (request: IncomingMessage, response: ServerResponse) => void) {
  const aws = await startAws(undefined, respond);
  open.push(aws);
  return run({ AWS_ENDPOINT_URL_LAMBDA: aws.url });
}

const PAGE = '<!DOCTYPE html><title>Guest network</title><form>Sign in</form>';

describe('something in front of AWS', () => {
  test.each<[string, number, Record<string, string>, string]>([
    ['a sign-in page', 200, { 'content-type': 'text/html; charset=utf-8' }, PAGE],
    ['a sign-in page without a content type', 200, {}, PAGE],
    ['a page that blocks the request', 403, { 'content-type': 'text/html' }, PAGE],
    ['a text that blocks the request', 403, { 'content-type': 'text/plain' }, 'Blocked by policy.'],
    ['a redirect to a sign-in page', 302, { location: 'http://portal.test/' }, ''],
    ['the status 511 of RFC 6585', 511, { 'content-type': 'text/html' }, PAGE],
  ])('%s is recognized, and the exit status is 4', async (_, status, headers, body) => {
    const { code, stderr } = await runAgainst((_request, response) => {
      response.writeHead(status, headers).end(body);
    });
    expect(stderr).toMatch(
      /^✖ The response from .* is not from AWS \(\d{3}, .*\)\.\n {2}If this network has a sign-in page/,
    );
    expect(stderr).not.toContain('Sign in</form>');
    expect(code).toBe(4);
  });

  test('a page of a load balancer of AWS with a 503 is retryable', async () => {
    const { code, stderr } = await runAgainst((_request, response) => {
      response.writeHead(503, { 'content-type': 'text/html' }).end('<html>503 Service Unavailable</html>');
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ AWS .*503/);
  });
});

describe('a clock that is wrong', () => {
  const rejects = (name: string, message: string, date: Date) =>
    runAgainst((_request, response) => {
      response.writeHead(403, {
        ...{ 'content-type': 'application/json', 'x-amzn-errortype': name, 'x-amzn-requestid': 'test' },
        date: date.toUTCString(),
      });
      response.end(JSON.stringify({ message }));
    });
  const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000);

  test.each([
    [
      'InvalidSignatureException',
      'Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z',
      20,
    ],
    ['InvalidSignatureException', 'Signature not yet current: 20260101T002000Z is still later than', -20],
    ['RequestExpired', 'Request has expired.', 20],
    ['RequestTimeTooSkewed', 'The difference is too large.', 20],
    ['SignatureDoesNotMatch', 'The request signature we calculated does not match.', 20],
  ])('%s, "%s", names the clock', async (name, message, minutes) => {
    const { code, stderr } = await rejects(name, message, minutesFromNow(minutes));
    expect(code).toBe(4);
    const direction = minutes > 0 ? 'behind' : 'ahead of';
    expect(stderr).toMatch(
      new RegExp(
        `^✖ AWS rejected the request's signature \\(${name}\\): your clock is (19|20) min ${direction} AWS\\.\\n`,
      ),
    );
  });

  test('a wrong secret key with a right clock is not blamed on the clock', async () => {
    const { code, stderr } = await rejects('SignatureDoesNotMatch', 'It does not match.', new Date());
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ AWS rejected the credentials \(SignatureDoesNotMatch\)\.\n/);
  });
});

describe('an endpoint and a Region', () => {
  test.each(['localhost:4566', '127.0.0.1:4566', 'lambda.test'])(
    'the endpoint %s without a scheme is shown with one',
    async (endpoint) => {
      const { code, stderr } = await run({ AWS_ENDPOINT_URL_LAMBDA: endpoint });
      expect(code).toBe(4);
      expect(stderr).toBe(
        `✖ AWS_ENDPOINT_URL_LAMBDA is no URL: "${endpoint}" has no scheme.\n` +
          `  Set it with its scheme: AWS_ENDPOINT_URL_LAMBDA=http://${endpoint}, or https.\n`,
      );
    },
  );

  test('another service whose endpoint has no scheme does no harm', async () => {
    const aws = await startAws();
    open.push(aws);
    const env = { AWS_ENDPOINT_URL_LAMBDA: aws.url, AWS_ENDPOINT_URL_S3: 'localhost:9000' };
    expect(await run(env)).toMatchObject({ code: 0 });
  });

  test('a Region that does not exist is named, with the closest that does', async () => {
    const { code, stderr } = await run({}, '--region', 'us-est-1');
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ There is no AWS Region "us-est-1"\. Did you mean us-east-1\?\n/);
  });

  test('a Region that no host name can hold is named', async () => {
    const { code, stderr } = await run({}, '--region', 'us east 1');
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ There is no AWS Region "us east 1"\. Did you mean us-east-1\?\n/);
  });

  test('a machine without a network names the host that does not resolve', async () => {
    const { code, stderr } = await run({ AWS_ENDPOINT_URL_LAMBDA: 'https://lambda.invalid' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^✖ AWS is unreachable: lambda\.invalid does not resolve \((ENOTFOUND|EAI_AGAIN)\)\.\n.*HTTPS_PROXY/,
    );
  });

  test('a connection that closes without a response is named', async () => {
    const { code, stderr } = await runAgainst((request) => {
      request.socket.destroy();
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ The connection to 127\.0\.0\.1:\d+ was closed .*\(ECONNRESET\)/);
  });
});
