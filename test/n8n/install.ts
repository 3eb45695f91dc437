import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Missing } from '../support/services/machine.ts';

/** The version of n8n that the claims of docs/n8n.md are tested with. */
export const N8N_VERSION = '2.41.1';

const PROGRESS_SECONDS = 15;

/** Returns `N8N_TEST_CACHE`, or a folder in the user's cache. n8n takes 2.8 GB and is never part of this repository. */
export function cacheFolder(environment: NodeJS.ProcessEnv): string {
  const cache =
    environment.N8N_TEST_CACHE ??
    join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'zoom-token-refresher');
  return join(cache, `n8n-${N8N_VERSION}`);
}

/** Returns whether n8n is in the cache. */
export const isInstalled = (environment: NodeJS.ProcessEnv): boolean => isComplete(cacheFolder(environment));

const SQLITE = 'node_modules/sqlite3/build/Release/node_sqlite3.node';

/** Without SQLite n8n stops at its start. A rebuild that was told to run no scripts succeeds and leaves it out. */
const isComplete = (folder: string): boolean =>
  ['complete', SQLITE].every((path) => existsSync(join(folder, path)));

/**
 * Installs n8n if it is not installed yet. Returns the folder of its package.
 * @throws {Missing} when the registry cannot be reached
 */
export async function install(folder: string, print: (line: string) => void): Promise<string> {
  const installed = join(folder, 'node_modules/n8n');
  if (isComplete(folder)) return installed;
  print(`Installing n8n ${N8N_VERSION} into ${folder}. This takes about five minutes, once, and 2.8 GB.`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const began = Date.now();
  const progress = setInterval(
    () => print(`  … ${Math.round((Date.now() - began) / 1000)} s`),
    PROGRESS_SECONDS * 1000,
  );
  try {
    // Only SQLite needs its install script. The project's .npmrc turns scripts off for every npm that its scripts start.
    await npm(folder, ['install', `n8n@${N8N_VERSION}`, '--ignore-scripts', '--no-audit', '--no-fund']);
    print('  … building SQLite');
    await npm(folder, ['rebuild', 'sqlite3', '--ignore-scripts=false']);
  } finally {
    clearInterval(progress);
  }
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  if (version !== N8N_VERSION) throw new Error(`npm installed n8n ${version}, not ${N8N_VERSION}.`);
  writeFileSync(join(folder, 'complete'), '');
  if (!isComplete(folder)) throw new Error(`npm has not built ${join(folder, SQLITE)}.`);
  return installed;
}

async function npm(cwd: string, args: string[]): Promise<void> {
  const child = spawn('npm', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-2000);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (status !== 0) throw new Missing(`npm ${args[0]} failed with status ${status}:\n${output}`);
}
