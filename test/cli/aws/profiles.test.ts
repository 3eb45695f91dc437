import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { createCommandLine } from '../../support/cli/command-line.ts';
import { NO_CONNECTIONS, startAws } from '../../support/network/aws-server.ts';
import { createAuthority } from '../../support/network/certificates.ts';
import { startProxy } from '../../support/network/proxy.ts';

const SSO = `[profile sso]
sso_session = company
sso_account_id = 111122223333
sso_role_name = Operator
region = eu-central-1

[sso-session company]
sso_start_url = https://company.awsapps.com/start
sso_region = eu-central-1

[services local]
lambda =
  endpoint_url = http://localhost:9
`;

const commandLine = createCommandLine({ AWS_MAX_ATTEMPTS: '1' });
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'zoom-tokens-home-'));
});
afterEach(() => rmSync(home, { recursive: true }));
afterAll(() => commandLine.close());

function write(path: string, text: string): string {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const run = (env: Record<string, string>, ...args: string[]) =>
  commandLine.run(['status', ...args], {
    env: { HOME: home, AWS_CONFIG_FILE: '', AWS_SHARED_CREDENTIALS_FILE: '', ...env },
  });

test('an unknown profile is named, with those that exist', async () => {
  write('.aws/config', SSO);
  const { code, stderr } = await run({ AWS_REGION: 'us-east-1' }, '--profile', 'nope');
  expect(code).toBe(4);
  expect(stderr).toBe(
    '✖ AWS profile "nope" not found. Profiles in ~/.aws/config: sso\n  Pass one of them: --profile.\n',
  );
});

test('an unknown profile is named also when no Region is known', async () => {
  write('.aws/config', SSO);
  const { stderr } = await run({ AWS_PROFILE: 'nope' });
  expect(stderr).toMatch(/^✖ AWS profile "nope" not found\. Profiles in ~\/\.aws\/config: sso\n/);
});

test('an unknown profile is named although the environment has credentials', async () => {
  write('.aws/config', SSO);
  const env = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'hush-hush' };
  const { code, stderr } = await run(env, '--profile', 'nope');
  expect(code).toBe(4);
  expect(stderr).toMatch(/✖ AWS profile "nope" not found\./);
});

test('the profiles of both files are listed, with the paths from the environment', async () => {
  const config = write('config', SSO);
  const credentials = write('keys', '[old]\naws_access_key_id = a\naws_secret_access_key = b\n');
  const env = { AWS_REGION: 'us-east-1', AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials };
  const { stderr } = await run(env, '--profile', 'nope');
  expect(stderr).toContain('not found. Profiles in ~/config: sso. Profiles in ~/keys: old\n');
});

test('an unknown profile without any file says how to create one', async () => {
  const { code, stderr } = await run({ AWS_REGION: 'us-east-1' }, '--profile', 'nope');
  expect(code).toBe(4);
  expect(stderr).toBe(
    '✖ AWS profile "nope" not found. ~/.aws/config and ~/.aws/credentials have no profiles.\n' +
      '  Create it: aws configure sso --profile nope\n',
  );
});

test.each([
  ['that does not exist', '', String.raw`Create it: aws configure sso --profile 'CORP\me'`],
  [
    'without credentials',
    '[CORP\\me]\nregion = us-east-1\n',
    String.raw`Add them: aws configure sso --profile 'CORP\me', or pass another profile: --profile.`,
  ],
])('the name of a profile %s is quoted in the command to run', async (_, credentials, action) => {
  write('.aws/credentials', credentials);
  const { code, stderr } = await run({ AWS_REGION: 'us-east-1' }, '--profile', String.raw`CORP\me`);
  expect(code).toBe(4);
  expect(stderr).toContain(`\n  ${action}\n`);
});

test('a profile without credentials is not called unknown', async () => {
  write('.aws/config', '[profile empty]\nregion = us-east-1\n');
  const { code, stderr } = await run({}, '--profile', 'empty');
  expect(code).toBe(4);
  expect(stderr).toMatch(/^✖ AWS profile "empty" has no credentials\.\n/);
});

test('an SSO session that nobody has started says how to sign in with the profile', async () => {
  write('.aws/config', SSO);
  const { code, stderr } = await run({}, '--profile', 'sso');
  expect(code).toBe(4);
  expect(stderr).toBe('✖ Your AWS SSO session has expired.\n  Run: aws sso login --profile sso\n');
});

/** Writes the SSO token that `aws sso login` would save. */
function writeToken(expiresAt: number) {
  const name = createHash('sha1').update('company').digest('hex');
  const token = { accessToken: 'hush-hush', expiresAt: new Date(expiresAt).toISOString() };
  write(`.aws/sso/cache/${name}.json`, JSON.stringify(token));
}

test('an SSO session that has expired says how to sign in with the profile', async () => {
  write('.aws/config', SSO);
  writeToken(Date.now() - 60_000);
  const { code, stderr } = await run({}, '--profile', 'sso');
  expect(code).toBe(4);
  expect(stderr).toBe('✖ Your AWS SSO session has expired.\n  Run: aws sso login --profile sso\n');
});

test('an SSO token that the portal no longer accepts says how to sign in with the profile', async () => {
  write('.aws/config', SSO);
  writeToken(Date.now() + 3_600_000);
  const portal = await startAws(undefined, (_, response) => {
    response.writeHead(401, {
      ...{ 'content-type': 'application/json', 'x-amzn-errortype': 'UnauthorizedException' },
    });
    response.end(JSON.stringify({ message: 'Session token not found or invalid' }));
  });
  try {
    const { code, stderr } = await run({ AWS_ENDPOINT_URL_SSO: portal.url }, '--profile', 'sso');
    expect(code).toBe(4);
    expect(stderr).toBe('✖ Your AWS SSO session has expired.\n  Run: aws sso login --profile sso\n');
  } finally {
    await portal.close();
  }
});

test('the credentials of an SSO session are fetched through the proxy', async () => {
  const authority = createAuthority();
  const aws = await startAws(
    authority.issue('aws', 'DNS:*.eu-central-1.amazonaws.com,DNS:portal.sso.eu-central-1.amazonaws.com'),
    (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const credentials = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c', expiration: 9e12 };
      const isSso = request.headers.host?.startsWith('portal.sso');
      response.end(JSON.stringify(isSso ? { roleCredentials: credentials } : NO_CONNECTIONS));
    },
  );
  const proxy = await startProxy({ port: () => aws.port });
  try {
    write('.aws/config', SSO);
    writeToken(Date.now() + 3_600_000);
    const env = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: authority.path };
    expect(await run(env, '--profile', 'sso')).toMatchObject({ code: 0 });
    expect(new Set(proxy.tunnels)).toEqual(
      new Set(['portal.sso.eu-central-1.amazonaws.com:443', 'lambda.eu-central-1.amazonaws.com:443']),
    );
  } finally {
    await proxy.close();
    await aws.close();
    authority.close();
  }
});

test('an SSO portal whose proxy does not run names the proxy, and not the session', async () => {
  write('.aws/config', SSO);
  writeToken(Date.now() + 3_600_000);
  const proxy = await startProxy({ port: () => 0 });
  await proxy.close();
  const { code, stderr } = await run({ HTTPS_PROXY: proxy.url }, '--profile', 'sso');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^✖ The proxy 127\.0\.0\.1:\d+ did not accept the connection/);
});

test('a machine without credentials and without a metadata service says so within seconds', async () => {
  const started = Date.now();
  const { code, stderr } = await run({ AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'false' });
  expect(code).toBe(4);
  expect(stderr).toMatch(/^✖ No AWS credentials found\./);
  expect(Date.now() - started).toBeLessThan(15_000);
});
