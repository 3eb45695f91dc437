import type { FailureDetails } from '../errors.ts';

/** The kinds of events in a connection's history. */
export const HISTORY_KINDS = [
  'consented',
  'failed',
  'reconnect',
  'recovered',
  'disconnected',
  'alerted',
  'linked',
  'unlinked',
  'push_failed',
  'push_recovered',
  'moved',
  'not_consented',
] as const;

export type HistoryKind = (typeof HISTORY_KINDS)[number];

/** Something that happened to a connection. A rotation that goes well is none. */
export interface HistoryEvent
  extends Pick<FailureDetails, 'message'>,
    Partial<Omit<FailureDetails, 'message'>> {
  kind: HistoryKind;
  /** Epoch seconds. */
  at: number;
}

/** The invocation of a function, with which its log is found. */
export interface Invocation {
  /** Name of the function; its log group is `/aws/lambda/<functionName>`. */
  functionName?: string;
  /** Lambda's id of the request. */
  requestId?: string;
}

/** An event as it is kept. The invocation is that of its last occurrence. */
export interface HistoryEntry extends HistoryEvent, Invocation {
  /** How often it happened in a row. */
  count: number;
  /** When it happened last, epoch seconds. */
  lastAt: number;
}

/** The bounded list of what happened to a connection. No entry holds a token, a code or a secret. */
export interface History {
  /** Adds events. Never rejects, and is not repeated: what cannot be written at once is logged and left out. */
  note(connection: string, events: HistoryEvent[]): Promise<void>;

  /** Returns the entries, the oldest first. */
  read(connection: string): Promise<HistoryEntry[]>;
}
