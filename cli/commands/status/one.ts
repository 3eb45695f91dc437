import type { StatusPage } from '../../connection/list-connections.ts';
import { formatOpenLinks } from '../../connection/open-links.ts';
import { formatDetails } from '../../connection/text.ts';

/** Returns everything about one connection, and the links that wait for it. */
export function formatOne({ connections, now, links = [] }: StatusPage): string {
  return [
    ...connections.map((view) => formatDetails(view, now)),
    ...(links.length > 0 ? [formatOpenLinks(links, now)] : []),
  ].join('\n\n');
}
