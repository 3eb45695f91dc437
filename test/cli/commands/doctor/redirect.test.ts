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

const OWN_PAGE = { 'content-security-policy': "default-src 'none'; style-src 'sha256-x'" };

describe('the check of the redirect URL', () => {
  test('an own page that refuses a request without a link ticket proves that the redirect URL works', async () => {
    const requests: string[] = [];
    const port = await listening((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      response.writeHead(400, OWN_PAGE).end();
    });
    expect(await redirectFinding(`http://localhost:${port}`)).toEqual({
      check: 'redirect',
      state: 'well',
      message: `http://localhost:${port}/callback is reachable from this machine.`,
    });
    expect(requests).toEqual(['GET /connect']);
  });

  test.each([
    [
      302,
      { location: 'https://sso.example.com/login?to=x' },
      /redirects browsers to https:\/\/sso\.example\.com \(302\)/,
      /Let \/connect and \/callback pass/,
    ],
    [
      500,
      OWN_PAGE,
      /^The callback function is reachable, but it fails \(500\)\.$/,
      /runbook\.md#callback-errors/,
    ],
    [404, {}, /responds with 404, and not with a page of this installation\.$/, /output DomainTarget/],
    [200, {}, /responds with 200, and not with a page of this installation\.$/, /output DomainTarget/],
    [400, {}, /responds with 400, and not with a page of this installation\.$/, /output DomainTarget/],
  ])(
    'a response with the status %i and the headers %j is a problem of the redirect URL',
    async (status, headers, message, action) => {
      const port = await listening((_, response) => response.writeHead(status, headers).end());
      expect(await redirectFinding(`http://localhost:${port}`)).toEqual({
        check: 'redirect',
        state: 'wrong',
        message: expect.stringMatching(message),
        action: expect.stringMatching(action),
      });
    },
  );

  test('a redirect URL on which nothing listens is unreachable', async () => {
    const port = await listening(() => {});
    await server?.close();
    expect(await redirectFinding(`http://127.0.0.1:${port}`)).toMatchObject({
      state: 'wrong',
      message: `127.0.0.1:${port} is unreachable from this machine (ECONNREFUSED).`,
    });
  });

  test('a redirect URL whose host does not resolve is a problem of its DNS record', async () => {
    expect(await redirectFinding('https://nothing.invalid')).toMatchObject({
      state: 'wrong',
      message: expect.stringMatching(/^nothing\.invalid does not resolve \((ENOTFOUND|EAI_AGAIN)\)\.$/),
      action: expect.stringContaining('DomainTarget'),
    });
  });

  test('a redirect URL that speaks no TLS is a problem of its certificate', async () => {
    const port = await listening((_, response) => response.end());
    expect(await redirectFinding(`https://localhost:${port}`)).toMatchObject({
      state: 'wrong',
      message: expect.stringMatching(/^The certificate of localhost:\d+ is not accepted \(ERR_SSL_\w+\)\.$/),
    });
  });
});
