import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AwsRequest, createSignedRequest } from '../../../lambdas/aws/signed-request.ts';
import { fetchByNode } from '../../../lambdas/http-client.ts';
import type { HttpRequest } from '../../../lambdas/tokens/apis/http.ts';
import { type LoopbackServer, listenOnLoopback } from '../../../local/loopback-server.ts';

const SECRET = 'a secret access key';
const CREDENTIALS = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: SECRET,
  AWS_SESSION_TOKEN: 'a session token',
};
const READ: AwsRequest = {
  ...{ service: 'secretsmanager', method: 'POST', path: '/', body: '{"SecretId":"key"}' },
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' },
};
const OBJECT: AwsRequest = {
  service: 's3',
  method: 'GET',
  bucket: 'rescue',
  path: '/sealing-key/public.json',
};

describe('a signed request', () => {
  let server: LoopbackServer;
  let received: { request: IncomingMessage; body: string };
  let response = { status: 200, body: 'the body' };
  beforeAll(async () => {
    server = await listenOnLoopback(
      createServer(async (request, outgoing) => {
        received = { request, body: await text(request) };
        outgoing.writeHead(response.status).end(response.body);
      }),
    );
  });
  afterAll(() => server.close());

  const toServer = () =>
    createSignedRequest(fetchByNode, {
      ...CREDENTIALS,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url,
      AWS_ENDPOINT_URL_S3: `${server.url}/`,
    });

  test.each<[string, AwsRequest, string]>([
    ['a secret', READ, '/'],
    ['an object', OBJECT, '/rescue/sealing-key/public.json'],
  ])('for %s arrives with a signature of what was sent', async (_, request, url) => {
    expect(await toServer()(request)).toBe('the body');
    expect(received.request.url).toBe(url);
    expect(received.body).toBe(request.body ?? '');
    expect(received.request.headers['x-amz-security-token']).toBe('a session token');
    const { signature, signed, expected } = verify(received.request, received.body);
    expect(signature).toBe(expected);
    expect(signed).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']));
  });

  test('for an object names the hash of its body, which S3 demands', async () => {
    await toServer()(OBJECT);
    expect(received.request.headers['x-amz-content-sha256']).toBe(sha256(''));
  });

  test.each([301, 400, 403, 404, 500, 503])('has no result for the status %d', async (status) => {
    response = { status, body: '{"ARN":"arn","SecretString":"text"}' };
    expect(await toServer()(READ)).toBeUndefined();
    response = { status: 200, body: 'the body' };
  });
});

describe('a request that only the client of the SDK can send', () => {
  test.each([
    ['without credentials', { AWS_ACCESS_KEY_ID: undefined }],
    ['to a server that refuses the connection', { AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' }],
    ['in a Region of another partition', { AWS_REGION: 'cn-north-1' }],
    ['in a Region of GovCloud', { AWS_REGION: 'us-gov-west-1' }],
    ['without a Region', { AWS_REGION: undefined }],
    ['to FIPS endpoints', { AWS_USE_FIPS_ENDPOINT: 'true' }],
    ['to dual-stack endpoints', { AWS_USE_DUALSTACK_ENDPOINT: 'true' }],
    ['to one endpoint for all services', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }],
  ])('%s has no result and goes nowhere else', async (_, variables) => {
    const sent: string[] = [];
    const request = createSignedRequest(
      async (url) => {
        sent.push(url);
        throw new Error('unreachable');
      },
      { ...CREDENTIALS, ...variables },
    );
    expect(await request(READ)).toBeUndefined();
    expect(sent.filter((url) => !url.startsWith('http://127.0.0.1:1/'))).toEqual([]);
  });
});

test.each<[AwsRequest, string]>([
  [READ, 'https://secretsmanager.eu-west-1.amazonaws.com/'],
  [{ ...READ, service: 'dynamodb' }, 'https://dynamodb.eu-west-1.amazonaws.com/'],
  [OBJECT, 'https://rescue.s3.eu-west-1.amazonaws.com/sealing-key/public.json'],
])('requests go to the endpoint that AWS documents for the Region: %#', async (request, url) => {
  const sent: [string, HttpRequest][] = [];
  const send = createSignedRequest(async (...one) => {
    sent.push(one);
    throw new Error('unreachable');
  }, CREDENTIALS);
  await send(request);
  expect(sent.map(([to]) => to)).toEqual([url]);
  expect(sent[0]?.[1].headers).toMatchObject({ host: new URL(url).host });
});

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

/**
 * Computes the signature of a request as AWS does.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function verify({ method, url, headers }: IncomingMessage, body: string) {
  const [, scope = '', names = '', signature] =
    /Credential=AKIAEXAMPLE\/(\S+), SignedHeaders=(\S+), Signature=(\w+)/.exec(headers.authorization ?? '') ??
    [];
  const signed = names.split(';');
  const lines = signed.map((name) => `${name}:${headers[name]}\n`).join('');
  const canonical = [method, url, '', lines, names, sha256(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${SECRET}`);
  return { signature, signed, expected: hmac(key, toSign).toString('hex') };
}
