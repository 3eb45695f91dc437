import { SAMPLE_CONNECTIONS } from '../sample-n8n.ts';
import type { N8nSees } from './n8n-sees.ts';

/** The part of the connections that a page shows. */
export interface Query {
  /** A piece of the names. */
  search: string;
  /** From 0. */
  page: number;
}

interface Listed {
  connection: string;
  sees: N8nSees;
}

export const PAGE_SIZE = 20;

const SEVERITY = { bad: 0, warn: 1, good: 2, off: 3 } as const;

/** Counts the connections, and selects those of one page: the samples first, then what does not work, then by name. */
export function select<Connection extends Listed>(connections: Connection[], { search, page }: Query) {
  const found = connections.filter(({ connection }) => connection.includes(search.trim()));
  const isSample = ({ connection }: Listed) => SAMPLE_CONNECTIONS.some((name) => name === connection);
  const rank = (listed: Listed) => (isSample(listed) ? -1 : SEVERITY[listed.sees.tone]);
  const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
  const shownPage = Math.min(page, pages - 1);
  const count = (tone: N8nSees['tone']) => connections.filter(({ sees }) => sees.tone === tone).length;
  return {
    list: {
      total: connections.length,
      found: found.length,
      page: shownPage,
      pages,
      /** Connections that work for n8n, that need attention, and whose token does not work. */
      works: count('good'),
      needAttention: count('warn'),
      fails: count('bad'),
    },
    selected: found
      .sort((a, b) => rank(a) - rank(b) || (a.connection < b.connection ? -1 : 1))
      .slice(shownPage * PAGE_SIZE, (shownPage + 1) * PAGE_SIZE),
  };
}
