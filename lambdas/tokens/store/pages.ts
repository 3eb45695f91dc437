import type { Connection } from '../connection.ts';

/** The end of a page of a query; only the store can read it. */
export type Cursor = Record<string, unknown>;

/** A connection that is due, as the index shows it. */
export type DueEntry = Pick<
  Connection,
  'connection' | 'app' | 'status' | 'dueAt' | 'validUntil' | 'suspectSince' | 'place'
>;

export interface DuePage {
  entries: DueEntry[];
  /** Missing after the last page. */
  next?: Cursor;
}

/** A connection whose published token has expired, as the index shows it. */
export type ExpiredEntry = Pick<Connection, 'connection' | 'app' | 'status' | 'validUntil' | 'alertedAt'>;

export interface ExpiredPage {
  entries: ExpiredEntry[];
  next?: Cursor;
}
