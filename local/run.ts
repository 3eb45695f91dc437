import './silence-powertools.ts';
import { fastClock, manualClock } from './clock.ts';
import type { Entry } from './journal.ts';
import { journey } from './journey.ts';
import type { LocalStack } from './local-stack.ts';
import type { Options } from './options.ts';
import { SECONDS_BETWEEN_CALLS } from './sample-n8n.ts';
import { snapshotOf } from './snapshot.ts';
import { startLocalStack } from './stack.ts';
import { sweep } from './sweep.ts';
import { createTerminal, startupText, type Terminal } from './terminal.ts';

const MINUTE_MS = 60_000;
const N8N_HALF_INTERVAL_MS = (SECONDS_BETWEEN_CALLS / 2) * 1000;

/** Runs the story once, by a clock of its own. Returns the exit status. */
export async function runOnce(options: Options): Promise<number> {
  const terminal = terminalFor(options);
  const clock = manualClock();
  const stack = await startLocalStack({ ...options, now: clock.now });
  try {
    return (await journey(stack, clock, terminal)) ? 0 : 1;
  } finally {
    await stack.close();
  }
}

/** Runs everything until Ctrl-C, or until the reader of stdout is gone. Returns the exit status. */
export async function runUntilInterrupted(options: Options): Promise<number> {
  const terminal = terminalFor(options);
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

const terminalFor = ({ json }: Options): Terminal =>
  createTerminal(json, (text) => process.stdout.write(text));
