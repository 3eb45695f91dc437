import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createCommandLine } from '../../support/cli/command-line.ts';
import { AWS, startAws } from '../../support/network/aws-server.ts';
import { createAuthority } from '../../support/network/certificates.ts';
import { type ProxyOptions, startProxy } from '../../support/network/proxy.ts';

// The real command line on a network whose only way out is a proxy: the names of AWS lead nowhere from here, and to a
// TLS server of the test behind the proxy.

const LAMBDA = 'lambda.us-east-1.amazonaws.com:443';

const authority = createAuthority();
const pair = authority.issue(
  'aws',
  'DNS:*.us-east-1.amazonaws.com,DNS:*.us-est-1.amazonaws.com,IP:127.0.0.1',
);
const commandLine = createCommandLine({ ...AWS, AWS_MAX_ATTEMPTS: '1', NODE_EXTRA_CA_CERTS: authority.path });
let aws: Awaited<ReturnType<typeof startAws>>;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  aws = await startAws(pair);
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
afterAll(async () => {
  commandLine.close();
  await aws.close();
  authority.close();
});

async function openProxy(options: Partial<ProxyOptions> = {}) {
  const proxy = await startProxy({ port: () => aws.port, ...options });
  open.push(proxy);
  return proxy;
}

const run = (env: Record<string, string>, ...args: string[]) => commandLine.run(['status', ...args], { env });

describe('a command behind a proxy', () => {
  test.each(['HTTPS_PROXY', 'https_proxy'])('reaches AWS through the proxy in %s', async (name) => {
    const proxy = await openProxy();
    const { code, stdout } = await run({ [name]: proxy.url });
    expect(stdout).toContain('no connections');
    expect(code).toBe(0);
    expect(new Set(proxy.tunnels)).toEqual(new Set([LAMBDA]));
  });

  test('accepts a proxy without a scheme, as the AWS CLI does', async () => {
    const proxy = await openProxy();
    expect(await run({ HTTPS_PROXY: proxy.address })).toMatchObject({ code: 0 });
    expect(new Set(proxy.tunnels)).toEqual(new Set([LAMBDA]));
  });

  test('sends the user name and password in the URL of the proxy, decoded', async () => {
    const proxy = await openProxy({ credentials: 'ann:p@ss word' });
    expect(await run({ HTTPS_PROXY: `http://ann:p%40ss%20word@${proxy.address}` })).toMatchObject({
      code: 0,
    });
  });

  test('reaches AWS through a proxy that speaks TLS itself', async () => {
    const proxy = await openProxy({ tls: pair });
    expect(await run({ HTTPS_PROXY: proxy.url })).toMatchObject({ code: 0 });
    expect(new Set(proxy.tunnels)).toEqual(new Set([LAMBDA]));
  });

  test('sends a request for a plain HTTP endpoint to HTTP_PROXY, with its absolute URL', async () => {
    const plain = await startAws();
    open.push(plain);
    const proxy = await openProxy({ port: () => plain.port });
    const { code } = await run({ HTTP_PROXY: proxy.url, AWS_ENDPOINT_URL_LAMBDA: 'http://lambda.test' });
    expect(code).toBe(0);
    expect(proxy.requests.length).toBeGreaterThan(0);
    for (const request of proxy.requests)
      expect(request).toMatch(/^POST http:\/\/lambda\.test\/2015-03-31\/functions\//);
    expect(proxy.tunnels).toEqual([]);
  });

  test('reaches the local stack directly, whatever proxy is set', async () => {
    const plain = await startAws();
    open.push(plain);
    const proxy = await openProxy();
    const { code } = await run({
      ...{ HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url },
      AWS_ENDPOINT_URL_LAMBDA: plain.url,
    });
    expect(code).toBe(0);
    expect([...proxy.requests, ...proxy.tunnels]).toEqual([]);
  });

  test('reaches a host in NO_PROXY directly', async () => {
    const proxy = await openProxy();
    const { code } = await run({
      ...{ HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' },
      AWS_ENDPOINT_URL_LAMBDA: aws.url,
    });
    expect(code).toBe(0);
    expect(proxy.tunnels).toEqual([]);
  });
});

test('setup verifies the credentials at Zoom through the proxy', async () => {
  const about = {
    ...{ version: '0', zoomOauthUrl: 'https://zoom.test', zoomApiUrl: 'https://zoom.test' },
    ...{
      publicUrl: 'https://installation.test',
      redirectUrl: 'https://installation.test/callback',
      existing: { appSecretArns: { default: 'arn' } },
    },
  };
  const lambda = await startAws(undefined, (_, response) => {
    response.writeHead(200).end(JSON.stringify({ ok: true, result: about }));
  });
  const proxy = await openProxy({ refuse: 403 });
  open.push(lambda);
  const { code, stderr } = await commandLine.run(['setup', '--stdin', '--grant', 's2s'], {
    env: { AWS_ENDPOINT_URL_LAMBDA: lambda.url, HTTPS_PROXY: proxy.url },
    input: JSON.stringify({ client_id: 'id', client_secret: 'hush-hush', account_id: 'account' }),
  });
  expect(proxy.tunnels).toEqual(['zoom.test:443']);
  expect(stderr).toMatch(/✖ The proxy .* did not connect to zoom\.test: it responded with 403\.\n/);
  expect(code).toBe(4);
});

describe('a failure of the proxy', () => {
  test('a proxy that refuses the connection is named', async () => {
    const proxy = await startProxy({ port: () => aws.port });
    await proxy.close();
    const { code, stderr } = await run({ HTTPS_PROXY: `http://ann:hush-hush@${proxy.address}` });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^✖ The proxy 127\.0\.0\.1:\d+ did not accept the connection \(ECONNREFUSED\)\.\n/,
    );
    expect(stderr).not.toContain('hush-hush');
  });

  test('a proxy whose name does not resolve is named', async () => {
    const { code, stderr } = await run({ HTTPS_PROXY: 'http://proxy.invalid:3128' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✖ The proxy proxy\.invalid:3128 does not resolve \((ENOTFOUND|EAI_AGAIN)\)\.\n/);
  });

  test('a proxy that demands credentials exits with 4 and shows where to set them', async () => {
    const proxy = await openProxy({ credentials: 'ann:secret' });
    const { code, stderr } = await run({ HTTPS_PROXY: proxy.url });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ The proxy .* demands a user name and a password \(407\)\.\n.*HTTPS_PROXY=/);
  });

  test('a plain HTTP request to a proxy that demands credentials fails in the same way', async () => {
    const proxy = await openProxy({ credentials: 'ann:secret' });
    const env = {
      HTTP_PROXY: `http://ann:hush-hush@${proxy.address}`,
      AWS_ENDPOINT_URL_LAMBDA: 'http://lambda.test',
    };
    const { code, stderr } = await run(env);
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ The proxy .* did not accept the user name and password .*\(407\)\.\n/);
    expect(stderr).not.toContain('hush-hush');
  });

  test.each([
    [403, 4],
    [503, 1],
  ])('a proxy that refuses the tunnel with %i is named, and the exit status is %i', async (refuse, code) => {
    const proxy = await openProxy({ refuse });
    const result = await run({ HTTPS_PROXY: proxy.url });
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(
      new RegExp(`^✖ The proxy ${proxy.address} did not connect to lambda\\.us-east-1\\..*${refuse}\\.\\n`),
    );
  });

  test('a TLS proxy whose certificate is not trusted is named, and the exit status is 4', async () => {
    const proxy = await openProxy({ tls: authority.selfSign('proxy', 'IP:127.0.0.1') });
    const { code, stderr } = await run({ HTTPS_PROXY: proxy.url });
    expect(code).toBe(4);
    expect(stderr).toContain(
      `the certificate of ${proxy.address} or lambda.us-east-1.amazonaws.com is self-signed`,
    );
  });

  test('a Region that does not exist is named, although only the proxy knows that its name does not resolve', async () => {
    const proxy = await openProxy({ refuse: 503 });
    const { code, stderr } = await run({ HTTPS_PROXY: proxy.url, AWS_REGION: 'us-est-1' });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^✖ There is no AWS Region "us-est-1"\. Did you mean us-east-1\?\n/);
  });

  test('a Region that is not in the list works when its name resolves', async () => {
    const proxy = await openProxy();
    expect(await run({ HTTPS_PROXY: proxy.url, AWS_REGION: 'us-est-1' })).toMatchObject({ code: 0 });
  });

  test.each(['socks5://127.0.0.1:1080', 'http://', 'http://ann:p%@proxy.test', 'http://ann:p#s@proxy.test'])(
    'the proxy %s is refused with its form',
    async (url) => {
      const { code, stderr } = await run({ HTTPS_PROXY: url });
      expect(code).toBe(4);
      expect(stderr).toMatch(/^✖ The value of HTTPS_PROXY is not the URL of an HTTP proxy\.\n/);
    },
  );
});
