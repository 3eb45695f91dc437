import type { Clock } from '../lambdas/tokens/clock.ts';
import type { Log, LogDetails } from '../lambdas/tokens/dependencies.ts';

/** One thing that happened: what, when (epoch seconds of the local clock), and the details of its log line. */
export type Entry = { event: string; at: number } & LogDetails;

type Listener = (entry: Entry) => void;

/** What the functions log, kept for whoever shows it: the terminal and the page. */
export interface Journal {
  log: Log;
  /** The latest entries, the oldest first. */
  entries: readonly Entry[];
  /** Calls the listener with every new entry until the function that it answers is called. */
  listen(listener: Listener): () => void;
}

const KEPT = 200;

export function createJournal(now: Clock): Journal {
  const entries: Entry[] = [];
  const listeners = new Set<Listener>();
  const note = (event: string, details: LogDetails) => {
    const entry = { event, at: now(), ...details };
    entries.push(entry);
    if (entries.length > KEPT) entries.shift();
    for (const listener of listeners) listener(entry);
  };
  const failure = (message: string, details: LogDetails) => note('failed', { message, ...details });
  return {
    log: { info: note, warn: failure, error: failure },
    entries,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
