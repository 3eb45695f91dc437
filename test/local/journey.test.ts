import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readAsN8n } from '../../local/read-as-n8n.ts';

const ROOT = new URL('../..', import.meta.url);
const SECONDS = 1000;

/** Matches what looks like a token, a code or a client secret of the local Zoom, but no variable's name. */
const SECRET = /(?<![\w-])(?![A-Z_]+=)[\w-]{32,}/;

let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
});

function start(...args: string[]) {
  const started = spawn(process.execPath, ['local/main.ts', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  return started;
}

/** Runs the program to its end. */
async function run(...args: string[]) {
  const started = start(...args);
  const [stdout, stderr, [code]] = await Promise.all([
    text(started.stdout),
    text(started.stderr),
    once(started, 'close'),
  ]);
  return { code, stdout, stderr };
}

describe('npm start -- --once', () => {
  test(
    '--json ends with one line for each connection, which says that Zoom accepted every token that n8n read',
    async () => {
      const { code, stdout, stderr } = await run('--once', '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

      const lines = stdout.trimEnd().split('\n');
      const events = lines.map((line) => JSON.parse(line));
      expect(events.slice(-2)).toEqual([
        {
          event: 'n8n-read',
          connection: 'main',
          secretName: 'n8n_zoom_main',
          expression: '{{ $secrets.aws.n8n_zoom_main }}',
          accepted: true,
          rotations: expect.any(Number),
        },
        {
          event: 'n8n-read',
          connection: 'reports',
          secretName: 'n8n_zoom_reports',
          expression: '{{ $secrets.aws.n8n_zoom_reports }}',
          accepted: true,
          rotations: expect.any(Number),
        },
      ]);
      for (const { connection, rotations } of events.slice(-2)) {
        expect(rotations).toBeGreaterThanOrEqual(2);
        const happened = (event: string) =>
          events.filter((each) => each.event === event && each.connection === connection);
        expect(happened('connected')).toHaveLength(1);
        expect(happened('rotated')).toHaveLength(rotations);
        expect(happened('published')).toHaveLength(rotations + 1);
        expect(happened('failed')).toEqual([]);
      }
      expect(stdout).not.toMatch(SECRET);
    },
    30 * SECONDS,
  );

  test(
    'ends with a text that says that Zoom accepted every token that n8n read',
    async () => {
      const { code, stdout } = await run('--once');
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /main +\{\{ \$secrets\.aws\.n8n_zoom_main \}\} +\d rotations, every token accepted\n/,
      );
      expect(stdout).toMatch(/\nEvery token that n8n read was accepted by Zoom\.\n$/);
      expect(stdout).not.toMatch(SECRET);
    },
    30 * SECONDS,
  );
});

describe('npm start', () => {
  test.each([[['--port', '0', '--speed', '600']], [['--once']]])(
    'exits without an error when the reader of its output exits, as with "| head -1" (%j)',
    async (args) => {
      const started = start(...args);
      const stderr = text(started.stderr);
      await once(started.stdout, 'data');
      started.stdout.destroy();
      expect(await once(started, 'exit')).toEqual([0, null]);
      expect(await stderr).toBe('');
    },
    30 * SECONDS,
  );

  test(
    'writes its addresses within 10 seconds, connects reports, rotates it, and exits on Ctrl-C',
    async () => {
      const startedAt = performance.now();
      const started = start('--port', '0', '--speed', '600');
      const stderr = text(started.stderr);
      let output = '';
      const lines = createInterface(started.stdout)[Symbol.asyncIterator]();
      const until = async (pattern: RegExp) => {
        while (!pattern.test(output)) {
          const { value, done } = await lines.next();
          if (done) throw new Error(`The output ended before ${pattern}: ${output}`);
          output += `${value}\n`;
        }
        return pattern.exec(output)?.[1] ?? '';
      };

      const page = await until(/Live page: +(http:\/\/localhost:\d+\/)\n/);
      expect(performance.now() - startedAt).toBeLessThan(10 * SECONDS);
      await until(/reports +connected/);
      await until(/reports +published +\{\{ \$secrets\.aws\.n8n_zoom_reports \}\} = ••••••••/);
      expect((await fetch(page)).status).toBe(200);

      const endpoint = await until(/export AWS_ENDPOINT_URL_SECRETS_MANAGER=(\S+)\n/);
      const client = new SecretsManagerClient({
        endpoint,
        region: await until(/export AWS_REGION=(\S+)\n/),
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      });
      expect(await readAsN8n(client)).toHaveProperty('size', 6);
      client.destroy();

      await until(/reports +rotated +generation 1, version 2/);
      started.kill('SIGINT');
      expect(await once(started, 'exit')).toEqual([0, null]);
      expect(await stderr).toBe('');
      expect(output).not.toMatch(SECRET);
    },
    30 * SECONDS,
  );

  test('--help shows the options', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--speed <n>');
  });

  test('explains a wrong option and exits with status 2', async () => {
    const { code, stdout, stderr } = await run('--speed', 'fast');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      '--speed must be a whole number from 1 to 600, not "fast".\nSee: npm start -- --help\n',
    );
  });
});

describe('npm start names a port that is in use and exits with status 1', () => {
  let other: Server;

  afterEach(() => {
    other.close();
  });

  test.each([
    ['its first port', 0],
    ['one of the five ports after it', 2],
    ['taken on ::1 alone, which browsers try first', 0, '::1'],
  ])('when it is %s', async (_, offset, host = '127.0.0.1') => {
    // Below the ephemeral ports, so that no other test gets one of its neighbours.
    const taken = 10_000 + randomInt(20_000);
    other = createServer().listen(taken, host);
    await once(other, 'listening');

    const { code, stdout, stderr } = await run('--port', String(taken - offset));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`Port ${taken} is in use. Take free ports: npm start -- --port 0\n`);
  });
});

describe('npm start', () => {
  /** Runs it with its own standard output and environment. */
  async function runWith(stdout: number | 'ignore', environment: NodeJS.ProcessEnv = {}) {
    const started = spawn(process.execPath, ['local/main.ts', '--once'], {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', stdout, 'pipe'],
    });
    child = started;
    const [stderr, [code]] = await Promise.all([text(started.stderr as Readable), once(started, 'close')]);
    return { code, stderr };
  }

  test('says that its output cannot be written, without a stack trace', async () => {
    const full = openSync('/dev/full', 'w');
    expect(await runWith(full)).toEqual({
      code: 1,
      stderr: 'Standard output cannot be written (ENOSPC). Free the disk, or write to another file.\n',
    });
    closeSync(full);
  });

  test.each([{ NODE_USE_ENV_PROXY: '1' }, { NODE_OPTIONS: '--use-env-proxy' }])(
    'requests no local service from the proxy that Node takes from the environment with %j',
    async (setting) => {
      const proxy = 'http://127.0.0.1:1';
      const environment = { ...setting, HTTP_PROXY: proxy, http_proxy: proxy, no_proxy: 'x' };
      expect(await runWith('ignore', environment)).toEqual({ code: 0, stderr: '' });
    },
    60 * SECONDS,
  );
});
