import type { Clock } from '../lambdas/tokens/clock.ts';
import type { Log, LogDetails } from '../lambdas/tokens/dependencies.ts';

/** One event: its name, its time (epoch seconds of the local clock), and the details of its log line. */
export type Entry = { event: string; at: number } & LogDetails;

type Listener = (entry: Entry) => void;

/** Keeps what the functions log, for the terminal and the page. */
export interface Journal {
  log: Log;
  /** The latest entries, the oldest first. */
  entries: readonly Entry[];
  /** Calls the listener with every new entry. Returns the function that stops it. */
  listen(listener: Listener): () => void;
}

const MAX_ENTRIES = 200;

export function createJournal(now: Clock): Journal {
  const entries: Entry[] = [];
  const listeners = new Set<Listener>();
  const add = (event: string, details: LogDetails) => {
    const entry = { event, at: now(), ...details };
    entries.push(entry);
    if (entries.length > MAX_ENTRIES) entries.shift();
    for (const listener of listeners) listener(entry);
  };
  const addFailure = (message: string, details: LogDetails) => add('failed', { message, ...details });
  return {
    log: { info: add, warn: addFailure, error: addFailure },
    entries,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
