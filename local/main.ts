import './silence-powertools.ts';
import { setGlobalProxyFromEnv } from 'node:http';
import { fastClock, manualClock } from './clock.ts';
import type { Entry } from './journal.ts';
import { journey } from './journey.ts';
import type { LocalStack } from './local-stack.ts';
import { HELP, type Options, readOptions, UsageError } from './options.ts';
import { SECONDS_BETWEEN_CALLS } from './sample-n8n.ts';
import { snapshotOf } from './snapshot.ts';
import { startLocalStack } from './stack.ts';
import { sweep } from './sweep.ts';
import { createTerminal, startupText, type Terminal } from './terminal.ts';

const MINUTE_MS = 60_000;
const N8N_HALF_INTERVAL_MS = (SECONDS_BETWEEN_CALLS / 2) * 1000;

async function main(args: string[]): Promise<number> {
  const options = readOptions(args, process.env);
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const terminal = createTerminal(options.json, (text) => process.stdout.write(text));
  return options.once ? runOnce(options, terminal) : runUntilInterrupted(options, terminal);
}

async function runOnce(options: Options, terminal: Terminal): Promise<number> {
  const clock = manualClock();
  const stack = await startLocalStack({ ...options, now: clock.now });
  try {
    return (await journey(stack, clock, terminal)) ? 0 : 1;
  } finally {
    await stack.close();
  }
}

async function runUntilInterrupted(options: Options, terminal: Terminal): Promise<number> {
  const stack = await startLocalStack({ ...options, now: fastClock(options.speed) });
  terminal.writeText(startupText(stack));
  terminal.writeJson({ event: 'ready', url: stack.publicUrl, environment: stack.environment });
  stack.journal.listen((entry) => {
    terminal.writeEntry(entry);
    if (entry.event === 'published') writePublished(stack, entry, terminal);
  });
  if (stack.apps.includes('reports')) {
    const response = await stack.operate({ action: 'connect', connection: 'reports', app: 'reports' });
    if (!response.ok) {
      terminal.writeText(`reports: ${response.error.message} ${response.error.action}`);
      terminal.writeJson({ event: 'failed', connection: 'reports', ...response.error });
    }
  }
  const stopScheduler = startScheduler(stack);
  const stopN8n = startN8n(stack);
  await interrupted();
  await Promise.all([stopScheduler(), stopN8n()]);
  await stack.close();
  return 0;
}

async function writePublished(stack: LocalStack, entry: Entry, terminal: Terminal): Promise<void> {
  try {
    const connection = await snapshotOf(stack, String(entry.connection));
    if (connection) terminal.writePublication(connection, entry.at);
  } catch {
    // The stack is being closed.
  }
}

/**
 * Starts a sweep every minute of the local clock, as EventBridge Scheduler does, but never two at once. Returns the
 * function that stops it and waits for the sweep in progress.
 */
function startScheduler(stack: LocalStack): () => Promise<void> {
  return repeat(() => sweep(stack), MINUTE_MS / stack.speed);
}

/** Lets the sample n8n read its secrets and call Zoom in turn. Returns the function that stops it. */
function startN8n({ n8n, speed }: LocalStack): () => Promise<void> {
  let isReading = false;
  return repeat(() => {
    isReading = !isReading;
    return isReading ? n8n.readSecrets() : n8n.callZoom();
  }, N8N_HALF_INTERVAL_MS / speed);
}

/** Runs a task at an interval, but never twice at once. Returns the function that stops it and waits for the last run. */
function repeat(task: () => Promise<void>, milliseconds: number): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    running ??= task().finally(() => {
      running = undefined;
    });
  }, milliseconds);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Resolves at Ctrl-C, or when the reader of stdout is gone. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.destroyed) resolve();
    process.stdout.once('error', () => resolve());
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

/** Returns the environment with this machine's names in `NO_PROXY`. Node prefers the lower-case name. */
function withoutProxyOnLoopback(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const listed = environment.no_proxy ?? environment.NO_PROXY;
  const noProxy = [listed, 'localhost', '127.0.0.1'].filter(Boolean).join(',');
  return { ...environment, no_proxy: noProxy, NO_PROXY: noProxy };
}

/** Returns the message for an error, with what to change where the user can. */
function errorText(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\nSee: npm start -- --help`;
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') return `Port ${port} is in use. Choose another: npm start -- --port 9000`;
  if (code === 'EACCES')
    return `Port ${port} cannot be opened: the system reserves it. Choose another: npm start -- --port 9000`;
  return message;
}

// The reader of stdout may exit first, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(
    `Standard output cannot be written (${error.code}). Free the disk, or write to another file.\n`,
  );
  process.exit(1);
});

// Node would request the local services from the proxy, too.
if (process.env.NODE_USE_ENV_PROXY) setGlobalProxyFromEnv(withoutProxyOnLoopback(process.env));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
