import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { freePort, Missing } from '../support/services/machine.ts';
import { run } from './command.ts';
import { resolveLocalhostNames } from './localhost.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';

const ROOT = join(import.meta.dirname, '../..');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const BIN = join(ROOT, 'node_modules/.bin');
const START_SECONDS = 40;

export interface Emulator {
  url: string;
  /** Variables for programs that use it: the account's root, without the AWS configuration of this machine's user. */
  environment: NodeJS.ProcessEnv;
  stop(): void;
}

/**
 * Returns the folder of the emulator for the checkout at `root`. A venv holds absolute paths, so a checkout that was moved or
 * copied, with its cache, needs one of its own.
 */
export function cacheFolder(root: string): string {
  const version = createHash('sha256')
    .update(readFileSync(REQUIREMENTS))
    .update(root)
    .digest('hex')
    .slice(0, 12);
  return join(root, 'node_modules/.cache', `aws-emulator-${version}`);
}

/**
 * Installs the emulator under node_modules/.cache, once for each version and place of the checkout. Returns the path of its Python.
 * @throws {Missing} without Python 3, its pip or PyPI
 */
export async function install(): Promise<string> {
  const folder = cacheFolder(ROOT);
  const python = join(folder, 'bin/python');
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return python;
  rmSync(folder, { recursive: true, force: true });
  const env = process.env;
  // A pip of its own, and compiling all modules, of which few are used, would take most of the time.
  await run('python3', ['-m', 'venv', '--without-pip', folder], { env }).catch((error) => {
    throw new Missing(`Python 3 with its venv module is needed: ${error.message}`);
  });
  await run(
    'python3',
    ['-m', 'pip', '--python', python, 'install', '--quiet', '--no-input', '--no-compile'].concat([
      '--require-hashes',
      '--requirement',
      REQUIREMENTS,
    ]),
    { env },
  ).catch((error) => {
    throw new Missing(`The emulator cannot be installed from PyPI with pip 22.3 or newer: ${error.message}`);
  });
  writeFileSync(complete, '');
  return python;
}

/**
 * Starts the emulator on loopback, over TLS and with IAM enforced.
 * @throws {Missing} without openssl
 */
export async function start(python: string, folder: string): Promise<Emulator> {
  const port = await freePort();
  const url = `https://localhost:${port}`;
  const { certificate, key } = await certificateFor(folder);
  trust(certificate);
  resolveLocalhostNames();
  const root = { AWS_ACCESS_KEY_ID: 'root', AWS_SECRET_ACCESS_KEY: 'root-of-the-emulator' };
  const path = `${BIN}:${process.env.PATH}`;
  const log = join(folder, 'emulator.log');
  const child = spawn(
    python,
    ['-m', 'hypercorn', 'ministack.app:app', '--bind', `127.0.0.1:${port}`].concat([
      '--certfile',
      certificate,
      '--keyfile',
      key,
    ]),
    {
      cwd: folder,
      // A process group of its own, so that the functions' processes stop with it.
      detached: true,
      stdio: ['ignore', openSync(log, 'w'), openSync(log, 'a')],
      env: {
        ...root,
        AUTH: 'true',
        // Node 24 first: it runs the functions.
        PATH: path,
        HOME: folder,
        TMPDIR: folder,
        GATEWAY_PORT: String(port),
        LAMBDA_EXECUTOR: 'local',
        MINISTACK_ACCOUNT_ID: ACCOUNT,
        MINISTACK_REGION: REGION,
        MINISTACK_SSL_CERT: certificate,
        MINISTACK_SSL_KEY: key,
        USE_SSL: '1',
      },
    },
  );
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
  };
  for (let waited = 0; !(await isReady(url)); waited += 0.25) {
    if (child.exitCode !== null || waited > START_SECONDS) {
      stop();
      throw new Error(`The emulator did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
    }
    await setTimeout(250);
  }
  const environment = {
    ...root,
    PATH: path,
    HOME: folder,
    AWS_CA_BUNDLE: certificate,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_ENDPOINT_URL: url,
    AWS_REGION: REGION,
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // The CDK's command line starts nineteen times.
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    NODE_EXTRA_CA_CERTS: certificate,
  };
  return { url, environment, stop };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/_ministack/health`).then(
    async (response) => {
      await response.body?.cancel();
      return response.ok;
    },
    () => false,
  );
}

/** Creates a certificate for this run: the bucket of `cdk bootstrap` refuses requests without TLS. */
async function certificateFor(folder: string): Promise<{ certificate: string; key: string }> {
  const certificate = join(folder, 'certificate.pem');
  const key = join(folder, 'certificate.key');
  const names = 'subjectAltName=DNS:localhost,DNS:*.execute-api.localhost,IP:127.0.0.1';
  await run(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
      .concat(['-days', '2', '-subj', '/CN=localhost', '-addext', names])
      .concat(['-keyout', key, '-out', certificate]),
    { env: process.env },
  ).catch((error) => {
    throw new Missing(`openssl is needed for a certificate: ${error.message}`);
  });
  return { certificate, key };
}

function trust(certificate: string): void {
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate, 'utf8')]);
}
