import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual, promisify } from 'node:util';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { manualClock } from '../../local/clock.ts';
import type { LocalStack } from '../../local/local-stack.ts';
import { startLocalStack } from '../../local/stack.ts';
import { consentAsBrowser } from '../../local/zoom/consent.ts';
import { freePort, Missing } from '../support/services/machine.ts';
import { createLargeBundles } from './bundles.ts';
import { cacheFolder, install, N8N_VERSION } from './install.ts';
import { connectVault } from './provider.ts';
import { type N8n, startN8n } from './server.ts';
import { startZoomProxy, type ZoomProxy } from './zoom-proxy.ts';

// `npm run test:n8n` tests the claims of docs/n8n.md with a real n8n.
// Exit status: 0 passed, 1 failed, 75 not tested because this machine lacks a program.

const NOT_TESTED = 75;
const ROOT = join(import.meta.dirname, '../..');
const OTHER_SECRETS = 300;
const ROTATIONS = 3;
const ACTIVATION_SECONDS = 60;
/** Longer than n8n's provider takes to read the secrets again; see `vault-hook.cjs`. */
const VAULT_MS = 5000;
const began = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'n8n-'));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(1));
try {
  const n8n = await install(cacheFolder(process.env), print);
  step(`n8n ${N8N_VERSION} is installed.`);
  const stack = await start();
  await testExternalSecrets(n8n, stack);
  await testPush(n8n, stack);
  print('Passed.');
  await end(0);
} catch (error) {
  const isMissing = error instanceof Missing;
  print(isMissing ? `NOT TESTED. ${error.message}` : `FAILED: ${(error as Error).stack}`);
  await end(isMissing ? NOT_TESTED : 1);
}

/** Starts a stack with two connections and many other secrets, of which some cannot be read. */
async function start(): Promise<LocalStack> {
  const clock = manualClock();
  const denied = (name: string, operation: string) =>
    name.startsWith('denied/') && operation === 'GetSecretValue';
  const stack = await startLocalStack({ now: clock.now, speed: 1, port: 0, denied });
  closing.unshift(() => stack.close());
  for (let count = 0; count < OTHER_SECRETS; count += 1) {
    const kind = count % 10 === 0 ? 'denied' : 'others';
    await stack.secretsManager.send(
      new CreateSecretCommand({ Name: `${kind}/secret-${count}`, SecretString: `value-${count}` }),
    );
  }
  await operate(stack, { action: 'connect', connection: 'reports', app: 'reports' });
  const { link } = (await operate(stack, { action: 'link', connection: 'main' })) as { link: string };
  const page = await consentAsBrowser(link);
  if (page.status !== 200)
    throw new Error(`The consent failed: the last page has the status ${page.status}.`);
  step(`The stack has two connections and ${OTHER_SECRETS} other secrets.`);
  return stack;
}

/** Tests n8n's licensed feature: its own provider class reads the published secrets. */
async function testExternalSecrets(n8n: string, stack: LocalStack): Promise<void> {
  const vault = await connectVault(n8n, stack.environment);
  closing.unshift(() => vault.close());
  const earlier = new Set<string>();
  for (let rotation = 0; rotation <= ROTATIONS; rotation += 1) {
    if (rotation > 0) await rotate(stack);
    const known = await vault.update();
    for (const connection of ['main', 'reports']) {
      const token = known.get(`n8n_zoom_${connection}`) ?? '';
      if (earlier.has(token))
        throw new Error(`The token of "${connection}" did not change after a rotation.`);
      earlier.add(token);
      await expectAccepted(stack, connection, token);
    }
    const readable = [...known.keys()].filter((name) => name.startsWith('others/')).length;
    if (readable !== OTHER_SECRETS * 0.9)
      throw new Error(`n8n reads ${readable} of the other secrets, not ${OTHER_SECRETS * 0.9}.`);
    if ([...known.keys()].some((name) => name.startsWith('denied/')))
      throw new Error('n8n reads a secret that is denied.');
  }
  for (const { secretName, tokens, bytes } of await createLargeBundles(stack)) {
    const read = (await vault.update()).get(secretName) ?? '';
    if (!isDeepStrictEqual(JSON.parse(read), tokens))
      throw new Error(`n8n does not read the ${bytes} bytes of ${secretName} as they are.`);
    step(`n8n's own provider reads a bundle of ${Object.keys(tokens).length} tokens, ${bytes} bytes.`);
  }
  step(`n8n's own provider reads the tokens through ${ROTATIONS} rotations, and Zoom accepts each.`);
}

/** Tests the free edition: the token is pushed into a credential, which the Zoom node uses. */
async function testPush(n8n: string, stack: LocalStack): Promise<void> {
  const proxy = await startZoomProxy(folder, stack.zoomUrl);
  closing.unshift(() => proxy.close());
  const server = await startN8n({
    n8n,
    folder,
    port: await freePort(),
    brokerPort: await freePort(),
    proxy: proxy.url,
    authority: proxy.authority,
    aws: stack.environment,
  });
  closing.unshift(() => server.stop());
  step(`A real n8n without a licence runs at ${server.url}.`);

  const apiKey = await server.createApiKey(['credential:create', 'credential:update', 'credential:read']);
  const linked = JSON.parse(
    await zoomTokens(stack, ['n8n', 'link', 'main', '--url', server.url, '--json'], { N8N_API_KEY: apiKey }),
  );
  step('zoom-tokens n8n link creates the credential with the token in it.');

  await tested(stack, linked);
  await keepsDomains(stack, server, apiKey, linked.credentialId);
  step("n8n's own test of the credential passes, and a push keeps the allowed domains.");

  await server.activate(workflow(linked.credentialId), await server.createApiKey());
  const first = await runWorkflow(stack, proxy, server);
  await rotate(stack);
  const second = await runWorkflow(stack, proxy, server);
  if (first === second) throw new Error('After the rotation the Zoom node used the earlier token.');
  step('The unmodified Zoom node runs before and after a rotation, with the new token after it.');

  const file = join(folder, 'workflow.json');
  await zoomTokens(stack, ['n8n', 'main', '--workflow', file], {});
  await testImport(server, proxy, file, linked.credentialId);
  step('The workflow of zoom-tokens n8n --workflow imports and runs.');
  await testBundle(stack, server, proxy);
}

/** Tests a bundled expression: the Zoom node uses the token that n8n's own provider and expressions take from a bundle. */
async function testBundle(stack: LocalStack, server: N8n, proxy: ZoomProxy): Promise<void> {
  await operate(stack, { action: 'connect', connection: 'other', app: 'reports', place: 'bundle_team' });
  const moved = (await operate(stack, {
    ...{ action: 'move', connection: 'main', place: 'bundle_team', keepSeconds: 0 },
  })) as { connection: { expression: string } };
  const { expression } = moved.connection;
  const apiKey = await server.createApiKey();
  await setTimeout(VAULT_MS);
  // Imported: the API would look for the vault in n8n's own table, which the hook does not fill.
  const credentialId = 'zoombundledcred1';
  const file = join(folder, 'bundled.json');
  const credential = { id: credentialId, name: 'Zoom bundled', type: 'zoomApi' };
  writeFileSync(file, JSON.stringify([{ ...credential, data: { accessToken: `=${expression}` } }]));
  await server.command('import:credentials', `--input=${file}`);
  await server.activate(workflow(credentialId, 'bundled'), apiKey);
  const first = await runWorkflow(stack, proxy, server, 'bundled');
  await rotate(stack);
  await setTimeout(VAULT_MS);
  const second = await runWorkflow(stack, proxy, server, 'bundled');
  if (first === second) throw new Error('After the rotation the Zoom node used the earlier token.');
  step(`The Zoom node runs before and after a rotation with ${expression}.`);
}

/** n8n tests the credential after the link, and again for `doctor`. */
async function tested(
  stack: LocalStack,
  linked: { tested?: { ok?: boolean; message: string } },
): Promise<void> {
  if (linked.tested?.ok !== true) throw new Error(`n8n did not pass its test: ${linked.tested?.message}`);
  const again = (await operate(stack, { action: 'n8n-test', connections: ['main'] })) as {
    tested: { tested: { ok?: boolean; message: string } }[];
  };
  const [probe] = again.tested;
  if (probe?.tested.ok !== true)
    throw new Error(`n8n did not pass the second test: ${probe?.tested.message}`);
}

/** Restricts the credential to one domain, as a person would in the editor, and rotates: the next push keeps that. */
async function keepsDomains(
  stack: LocalStack,
  server: N8n,
  apiKey: string,
  credentialId: string,
): Promise<void> {
  const domains = { allowedHttpRequestDomains: 'domains', allowedDomains: 'api.zoom.us' };
  const restricted = await fetch(`${server.url}/api/v1/credentials/${credentialId}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json', 'X-N8N-API-KEY': apiKey },
    body: JSON.stringify({ data: { accessToken: 'typed by hand', ...domains } }),
  });
  if (!restricted.ok) throw new Error(`n8n refused the allowed domains: ${restricted.status}`);
  await rotate(stack);
  const file = join(folder, 'credential.json');
  await server.command('export:credentials', `--id=${credentialId}`, '--decrypted', `--output=${file}`);
  const [{ data }] = [JSON.parse(readFileSync(file, 'utf8'))].flat();
  await expectAccepted(stack, 'main', data.accessToken);
  for (const [field, value] of Object.entries(domains)) {
    if (data[field] !== value) throw new Error(`A push changed the credential's ${field}.`);
  }
}

/** Runs the webhook's workflow. Returns the token that the Zoom node sent. */
async function runWorkflow(stack: LocalStack, proxy: ZoomProxy, server: N8n, path = 'zoom'): Promise<string> {
  const before = proxy.calls.length;
  const response = await runWebhook(server, path);
  if (response.status !== 200) throw new Error(`The workflow failed with the status ${response.status}.`);
  const [call] = proxy.calls.slice(before);
  if (call?.status !== 200) throw new Error(`The Zoom node got ${call?.status ?? 'no response'} from Zoom.`);
  await expectAccepted(stack, 'main', call.bearer);
  return call.bearer;
}

/** Calls the webhook. Retries a 404: n8n registers the webhook some time after it responds to the activation. */
async function runWebhook({ url }: N8n, path: string): Promise<Response> {
  for (let waited = 0; ; waited += 1) {
    const response = await fetch(`${url}/webhook/${path}`);
    if (response.status !== 404 || waited > ACTIVATION_SECONDS) return response;
    await setTimeout(1000);
  }
}

async function testImport(server: N8n, proxy: ZoomProxy, file: string, credentialId: string): Promise<void> {
  const exported = JSON.parse(readFileSync(file, 'utf8'));
  const [one] = [exported].flat();
  const named = JSON.stringify(one).includes(credentialId);
  if (!named) throw new Error('The workflow does not name the credential that was linked.');
  await server.command('import:workflow', `--input=${file}`);
  const before = proxy.calls.length;
  await server.command('execute', `--id=${one.id}`);
  const call = proxy.calls.slice(before).find(({ path }) => path.startsWith('/v2/users/me'));
  if (call?.status !== 200)
    throw new Error(`The imported workflow got ${call?.status ?? 'no response'} from Zoom.`);
}

async function rotate(stack: LocalStack): Promise<void> {
  for (const connection of ['main', 'reports']) await operate(stack, { action: 'rotate', connection });
}

async function expectAccepted(stack: LocalStack, connection: string, token: string): Promise<void> {
  const { status } = await fetch(`${stack.zoomUrl}/v2/users/me`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (status !== 200) throw new Error(`Zoom responds ${status} to the token of "${connection}".`);
}

async function operate(stack: LocalStack, request: object): Promise<object> {
  const response = await stack.operate(request);
  if (!response.ok) throw new Error(`${response.error.message} ${response.error.action}`);
  return response.result;
}

/** Runs the command line against this stack, which this process serves. */
async function zoomTokens(
  stack: LocalStack,
  args: string[],
  environment: Record<string, string>,
): Promise<string> {
  const program = join(ROOT, 'bin/zoom-tokens.ts');
  const env = { PATH: process.env.PATH, ...stack.environment, ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { env });
  return stdout;
}

/** Returns a workflow whose webhook lists the user's meetings through the Zoom node. */
function workflow(credentialId: string, path = 'zoom'): object {
  return {
    name: path,
    settings: {},
    nodes: [
      {
        id: 'a',
        name: 'Webhook',
        type: 'n8n-nodes-base.webhook',
        typeVersion: 2,
        position: [0, 0],
        webhookId: path,
        parameters: { path, httpMethod: 'GET', responseMode: 'lastNode', options: {} },
      },
      {
        id: 'b',
        name: 'Zoom',
        type: 'n8n-nodes-base.zoom',
        typeVersion: 1,
        position: [200, 0],
        parameters: {
          authentication: 'accessToken',
          operation: 'getAll',
          returnAll: false,
          limit: 5,
          filters: {},
        },
        credentials: { zoomApi: { id: credentialId, name: 'Zoom' } },
      },
    ],
    connections: { Webhook: { main: [[{ node: 'Zoom', type: 'main', index: 0 }]] } },
  };
}

async function end(status: number): Promise<never> {
  for (const close of closing) await close();
  process.exit(status);
}

function step(text: string): void {
  print(`✔ ${((Date.now() - began) / 1000).toFixed(0).padStart(3)} s  ${text}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
