import { writeFileSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { createCommandLine } from '../../support/cli/command-line.ts';
import { AWS, startAws } from '../../support/network/aws-server.ts';
import { createAuthority, type Pair } from '../../support/network/certificates.ts';
import { listen } from '../../support/network/listen.ts';

const HOST = 'IP:127.0.0.1';
const authority = createAuthority();
const good = authority.issue('good', HOST);
const commandLine = createCommandLine({ ...AWS, AWS_MAX_ATTEMPTS: '1' });
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
afterAll(() => {
  commandLine.close();
  authority.close();
});

async function runAgainst(pair: Pair, env: Record<string, string> = {}, ...args: string[]) {
  const aws = await startAws(pair);
  open.push(aws);
  return commandLine.run(['status', ...args], { env: { AWS_ENDPOINT_URL_LAMBDA: aws.url, ...env } });
}

const TRUST = { NODE_EXTRA_CA_CERTS: authority.path };

test.each<[string, () => Pair, RegExp, Record<string, string>]>([
  ['by an authority that is not trusted', () => good, /UNABLE_TO_VERIFY_LEAF_SIGNATURE/, {}],
  ['by itself', () => authority.selfSign('self', HOST), /is self-signed \(DEPTH_ZERO_SELF_SIGNED_CERT\)/, {}],
  [
    'for another host',
    () => authority.issue('other', 'DNS:aws.test'),
    /another host name \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
    TRUST,
  ],
  [
    'for a time that is over',
    () => authority.issue('expired', HOST, -1),
    /has expired \(CERT_HAS_EXPIRED\)/,
    TRUST,
  ],
])('a certificate that was issued %s is named, and the exit status is 4', async (_, pair, problem, env) => {
  const { code, stderr } = await runAgainst(pair(), env);
  expect(code).toBe(4);
  expect(stderr).toMatch(/^✖ No trusted connection to AWS: .*127\.0\.0\.1/);
  expect(stderr).toMatch(problem);
  expect(stderr).toMatch(/NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE\.\n$/);
});

test('with --json a TLS failure has the class misconfigured and a code of its own', async () => {
  const { code, stdout } = await runAgainst(good, {}, '--json');
  expect(code).toBe(4);
  expect(JSON.parse(stdout).error).toMatchObject({ class: 'misconfigured', code: 'aws_tls' });
});

test('a port that does not speak TLS exits with 4', async () => {
  const plain = await listen(
    createTcpServer((socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n'))),
  );
  open.push(plain);
  const env = { AWS_ENDPOINT_URL_LAMBDA: `https://${plain.address}` };
  const { code, stderr } = await commandLine.run(['status'], { env });
  expect(code).toBe(4);
  expect(stderr).toMatch(/^✖ No trusted connection to AWS: /);
});

test('a server that refuses the versions of TLS that Node speaks exits with 4', async () => {
  const old = await listen(
    createTlsServer({ ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  );
  open.push(old);
  const env = { AWS_ENDPOINT_URL_LAMBDA: `https://${old.address}` };
  const { code, stderr } = await commandLine.run(['status'], { env });
  expect(code).toBe(4);
  expect(stderr).toMatch(/^✖ No trusted connection to AWS: the TLS handshake with 127\.0\.0\.1 failed/);
});

test.each([
  ['NODE_EXTRA_CA_CERTS', TRUST],
  ['AWS_CA_BUNDLE', { AWS_CA_BUNDLE: authority.path }],
])('an authority in %s is trusted', async (_, env) => {
  expect(await runAgainst(good, env)).toMatchObject({ code: 0 });
});

test('an authority in the ca_bundle of the profile is trusted', async () => {
  const config = join(dirname(authority.path), 'config');
  writeFileSync(
    config,
    `[profile work]\nca_bundle = ${authority.path}\naws_access_key_id = local\naws_secret_access_key = hush-hush\n`,
  );
  const env = { AWS_CONFIG_FILE: config, AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
  expect(await runAgainst(good, env, '--profile', 'work')).toMatchObject({ code: 0 });
});

test('a CA bundle that cannot be read is named', async () => {
  const { code, stderr } = await runAgainst(good, { AWS_CA_BUNDLE: '/nowhere/ca.pem' });
  expect(code).toBe(4);
  expect(stderr).toMatch(/^✖ The CA bundle \/nowhere\/ca\.pem cannot be read \(ENOENT\)\.\n/);
});
