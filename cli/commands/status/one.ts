import type { HistoryEntry } from '../../../lambdas/operator-protocol.ts';
import { bundleRemarks } from '../../connection/bundle-remarks.ts';
import { formatEvent } from '../../connection/history-text.ts';
import type { StatusPage } from '../../connection/list-connections.ts';
import { formatOpenLinks } from '../../connection/open-links.ts';
import { formatDetails, formatRemark } from '../../connection/text.ts';
import { clockNote } from '../../terminal/time.ts';

/** Returns everything about one connection, the links that wait for it, and what happened to it last. */
export function formatOne({ connections, now, links = [], history = [], bundles = [] }: StatusPage): string {
  return [
    ...connections.map((view) => formatDetails(view, now)),
    ...bundleRemarks(bundles).map((remark) => formatRemark(remark)),
    ...(links.length > 0 ? [formatOpenLinks(links, now)] : []),
    ...(history.length > 0 ? [formatLastEvents(history, now, connections[0]?.connection)] : []),
    ...clockNote(now),
  ].join('\n\n');
}

function formatLastEvents(history: HistoryEntry[], now: number, connection = ''): string {
  const lines = history.map((entry) => `  ${formatEvent(entry, now)}`);
  return [`Last events (more: npx zoom-tokens history ${connection}):`, ...lines].join('\n');
}
