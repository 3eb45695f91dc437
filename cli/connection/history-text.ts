import type { HistoryEntry, HistoryKind } from '../../lambdas/operator-protocol.ts';
import { paint } from '../terminal/output.ts';
import { formatTime } from '../terminal/time.ts';

const MARKS: Record<HistoryKind, string> = {
  consented: '✔',
  recovered: '✔',
  push_recovered: '✔',
  failed: '✖',
  reconnect: '✖',
  push_failed: '✖',
  alerted: '!',
  disconnected: '•',
  linked: '•',
  unlinked: '•',
  moved: '•',
  not_consented: '•',
};

const COLORS: Record<string, 'green' | 'red' | 'yellow' | 'gray'> = {
  '✔': 'green',
  '✖': 'red',
  '!': 'yellow',
  '•': 'gray',
};

/** Returns an event with what to do, and the request that finds its log. @param now epoch seconds, as the event's */
export function formatHistory(entry: HistoryEntry, now: number): string {
  const { class: failureClass, code, action, functionName, requestId } = entry;
  const details = [
    action,
    code === undefined ? undefined : `${failureClass}, ${code}`,
    requestId === undefined ? undefined : `Log: /aws/lambda/${functionName}, request ${requestId}`,
  ];
  return [
    formatEvent(entry, now),
    ...details.filter((line) => line !== undefined).map((line) => `  ${line}`),
  ].join('\n');
}

/** Returns an event in a line: when, how often, and what. */
export function formatEvent({ kind, at, lastAt, count, message }: HistoryEntry, now: number): string {
  const mark = MARKS[kind];
  const often = count > 1 ? `, ${count} times until ${formatTime(lastAt, now)}` : '';
  return `${paint(COLORS[mark] ?? 'gray', mark)} ${formatTime(at, now)}${often}: ${message}`;
}
