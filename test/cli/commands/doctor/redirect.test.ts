import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { redirectFinding } from '../../../../cli/commands/doctor/redirect.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../../local/loopback-server.ts';

let server: LoopbackServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function listening(listener: RequestListener): Promise<number> {
  server = await listenOnLoopback(createServer(listener));
  return server.port;
}

const OURS = { 'content-security-policy': "default-src 'none'; style-src 'sha256-x'" };

describe('the redirect URL, opened without a ticket', () => {
  test('our own page that refuses is the right answer', async () => {
    const asked: string[] = [];
    const port = await listening((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(400, OURS).end();
    });
    expect(await redirectFinding(`http://localhost:${port}`)).toEqual({
      check: 'redirect',
      state: 'well',
      message: `http://localhost:${port}/callback is reached from here.`,
    });
    expect(asked).toEqual(['GET /connect']);
  });

  test.each([
    [
      302,
      { location: 'https://sso.example.com/login?to=x' },
      /sends a browser on to https:\/\/sso\.example\.com \(302\)/,
      /Let \/connect and \/callback pass/,
    ],
    [500, OURS, /^The callback function is reached, and fails \(500\)\.$/, /runbook\.md#callback-errors/],
    [404, {}, /answers 404, and not with a page of this installation\.$/, /output DomainTarget/],
    [200, {}, /answers 200, and not with a page of this installation\.$/, /output DomainTarget/],
    [400, {}, /answers 400, and not with a page of this installation\.$/, /output DomainTarget/],
  ])('%i %j', async (status, headers, message, action) => {
    const port = await listening((_, response) => response.writeHead(status, headers).end());
    expect(await redirectFinding(`http://localhost:${port}`)).toEqual({
      check: 'redirect',
      state: 'wrong',
      message: expect.stringMatching(message),
      action: expect.stringMatching(action),
    });
  });

  test('nothing listens there', async () => {
    const port = await listening(() => {});
    await server?.close();
    expect(await redirectFinding(`http://127.0.0.1:${port}`)).toMatchObject({
      state: 'wrong',
      message: `127.0.0.1:${port} cannot be reached from here (ECONNREFUSED).`,
    });
  });

  test('a name that DNS does not know', async () => {
    expect(await redirectFinding('https://nothing.invalid')).toMatchObject({
      state: 'wrong',
      message: expect.stringMatching(/^DNS knows no nothing\.invalid \((ENOTFOUND|EAI_AGAIN)\)\.$/),
      action: expect.stringContaining('DomainTarget'),
    });
  });

  test('no TLS where there should be', async () => {
    const port = await listening((_, response) => response.end());
    expect(await redirectFinding(`https://localhost:${port}`)).toMatchObject({
      state: 'wrong',
      message: expect.stringMatching(/^The certificate of localhost:\d+ is not accepted \(ERR_SSL_\w+\)\.$/),
    });
  });
});
