import type { HistoryEntry, HistoryEvent, HistoryKind, Invocation } from './history.ts';

/** Entries that are kept of a connection. Each write costs as much as all of them are long. */
export const MAX_ENTRIES = 30;
/** Characters that are kept of a text, which may quote Zoom or n8n. */
const MAX_TEXT = 300;

/** These happen again and again while nothing changes. */
const REPEATED: readonly HistoryKind[] = ['failed', 'push_failed', 'alerted'];

/**
 * Returns the entries with one more event, the oldest first. An event that repeats one since the last change is counted
 * there. The oldest entry goes when there are too many.
 */
export function addEntry(
  entries: readonly HistoryEntry[],
  { message, action, ...event }: HistoryEvent,
  invocation: Invocation,
): HistoryEntry[] {
  const said = { message: cut(message), ...(action !== undefined && { action: cut(action) }) };
  const entry: HistoryEntry = { ...event, ...said, ...invocation, count: 1, lastAt: event.at };
  // The same change is noted again where a step repeats its write.
  if (entries.some((each) => isSame(each, entry) && each.lastAt === entry.lastAt)) return [...entries];
  const changedAt = entries.findLastIndex(({ kind }) => !REPEATED.includes(kind));
  const repeated = entries.findLastIndex((each, index) => index > changedAt && isSame(each, entry));
  if (repeated === -1) return [...entries, entry].slice(-MAX_ENTRIES);
  return entries.map((each, index) =>
    index === repeated ? { ...entry, at: each.at, count: each.count + 1 } : each,
  );
}

const isSame = (one: HistoryEntry, other: HistoryEntry): boolean =>
  one.kind === other.kind && one.code === other.code && one.message === other.message;

const cut = (text: string): string => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text);
