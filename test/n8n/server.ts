import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const START_SECONDS = 180;
/** The account that a person signs in with. */
export const OWNER = {
  email: 'owner@example.com',
  firstName: 'Ada',
  lastName: 'Lovelace',
  password: 'Only-for-this-run-1',
};
/** n8n binds a session to this header. */
const BROWSER = { 'browser-id': 'test' };

export interface N8nOptions {
  /** Folder of n8n's package. */
  n8n: string;
  /** For its database and settings. */
  folder: string;
  port: number;
  brokerPort: number;
  /** URL of the proxy that receives n8n's requests to Zoom. */
  proxy: string;
  /** Certificate file of the proxy's authority. */
  authority: string;
  /** Environment variables with which the vault `aws` reaches Secrets Manager. */
  aws: Record<string, string>;
}

/** A real n8n, without a licence, on loopback. */
export interface N8n {
  url: string;
  /** Creates an API key with the scopes; `undefined` gives all scopes of the owner. */
  createApiKey(scopes?: string[]): Promise<string>;
  /** Creates a workflow and activates its webhook. */
  activate(workflow: object, apiKey: string): Promise<void>;
  /** Runs n8n's own command line on the same database. Returns its output. */
  command(...args: string[]): Promise<string>;
  stop(): void;
}

export async function startN8n(options: N8nOptions): Promise<N8n> {
  const { n8n, folder, port } = options;
  const url = `http://127.0.0.1:${port}`;
  const bin = join(n8n, 'bin/n8n');
  const log = join(folder, 'n8n.log');
  const environment = environmentOf(options);
  const child = spawn(process.execPath, [bin, 'start'], {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ['ignore', openSync(log, 'w'), openSync(log, 'a')],
  });
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
  };
  for (let waited = 0; !(await isReady(url)); waited += 0.5) {
    if (child.exitCode !== null || waited > START_SECONDS) {
      stop();
      throw new Error(`n8n did not start:\n${readFileSync(log, 'utf8').slice(-3000)}`);
    }
    await setTimeout(500);
  }
  const setup = await fetch(`${url}/rest/owner/setup`, json(OWNER, BROWSER));
  if (!setup.ok) throw new Error(`n8n refused its owner: ${setup.status}`);
  const session = {
    ...BROWSER,
    cookie: setup.headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; '),
  };

  return {
    url,
    async createApiKey(scopes) {
      const all = await parseResponse(
        await fetch(`${url}/rest/api-keys/scopes`, { headers: session }),
        'scopes',
      );
      const wanted = { label: `key-${Date.now()}`, scopes: scopes ?? all.data, expiresAt: null };
      const made = await parseResponse(
        await fetch(`${url}/rest/api-keys`, json(wanted, session)),
        'the API key',
      );
      return made.data.rawApiKey;
    },
    async activate(workflow, apiKey) {
      const headers = { 'X-N8N-API-KEY': apiKey };
      const made = await parseResponse(
        await fetch(`${url}/api/v1/workflows`, json(workflow, headers)),
        'the workflow',
      );
      await parseResponse(
        await fetch(`${url}/api/v1/workflows/${made.id}/activate`, json({}, headers)),
        'its activation',
      );
    },
    command: (...args) =>
      runCommand(bin, args, { ...environment, N8N_RUNNERS_BROKER_PORT: String(options.brokerPort + 1) }),
    stop,
  };
}

function environmentOf({
  n8n,
  folder,
  port,
  brokerPort,
  proxy,
  authority,
  aws,
}: N8nOptions): NodeJS.ProcessEnv {
  return {
    ...aws,
    N8N_PACKAGE_FOLDER: n8n,
    EXTERNAL_HOOK_FILES: join(import.meta.dirname, 'vault-hook.cjs'),
    PATH: process.env.PATH,
    HOME: folder,
    N8N_USER_FOLDER: folder,
    N8N_PORT: String(port),
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_RUNNERS_BROKER_PORT: String(brokerPort),
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_SECURE_COOKIE: 'false',
    HTTPS_PROXY: proxy,
    NO_PROXY: '127.0.0.1,localhost',
    NODE_EXTRA_CA_CERTS: authority,
  };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz/readiness`).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );

const json = (body: object, headers: Record<string, string>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
});

async function parseResponse(response: Response, subject: string) {
  const text = await response.text();
  // A successful response of n8n may hold an API key, an error does not.
  if (!response.ok) throw new Error(`n8n refused ${subject}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

async function runCommand(bin: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const status = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (status !== 0) throw new Error(`n8n ${args[0]} failed with status ${status}:\n${text.slice(-2000)}`);
  return text;
}
