import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { useDoctor } from '../../../support/cli/use-doctor.ts';
import { startN8n } from '../../../support/services/n8n-server.ts';

// With the real operator function and an n8n on loopback.

const { installation, run, makeHealthy } = useDoctor();
let office: Awaited<ReturnType<typeof startN8n>>;

beforeEach(async () => {
  await makeHealthy();
  office = await startN8n();
  office.n8n.scopes.add('credential:read');
});
afterEach(() => office.close());

const link = (...args: string[]) =>
  installation().commandLine.run(['n8n', 'link', 'reports', '--url', office.url, ...args], {
    env: { N8N_API_KEY: office.n8n.apiKey },
  });

test('doctor lets n8n test a pushed credential', async () => {
  expect((await link()).stdout).toContain('  n8n tested the credential: it can use the token.\n');
  const [id] = [...office.n8n.credentials.keys()];
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(stdout).toContain(
    `✔ reports: the n8n instance "default" can use the token in the credential ${id}.\n`,
  );
});

test('doctor lets n8n test a registered credential, and says whose cache that shows', async () => {
  const id = office.n8n.add('zoomApi', { accessToken: '={{ $secrets.aws.n8n_zoom_reports }}' });
  await link('--credential', id, '--external-secret');
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(stdout).toContain(
    `✔ reports: the n8n instance "default" can use the token in the credential ${id}. This shows the cache of the n8n process that responded.\n`,
  );
});

test('doctor reports a credential that n8n cannot use, and what else fails its test', async () => {
  const id = office.n8n.add('zoomApi', { accessToken: '={{ $secrets.aws.n8n_zoom_reports }}' });
  await link('--credential', id, '--external-secret');
  office.n8n.zoomAccepts = () => false;
  const { code, stdout } = await run();
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /✖ reports: the n8n instance "default" tested the credential \w+, and the test failed: Authorization failed.*\n {2}.*user:read:user.*N8N_EXTERNAL_SECRETS_UPDATE_INTERVAL/,
  );
});

test('doctor notes a credential that n8n does not test, and exits with 0', async () => {
  await link();
  office.n8n.scopes.delete('credential:read');
  const { code, stdout } = await run();
  expect(code).toBe(0);
  expect(stdout).toMatch(/! reports: the n8n instance "default" did not test .*credential:read/);
});

test('doctor says nothing of credentials where n8n has none that it knows', async () => {
  expect((await run()).stdout).not.toContain('n8n instance');
});
