import type { Items } from '../../../lambdas/aws/table/items.ts';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import { fulfils, updated } from './expressions.ts';

type Item = Record<string, unknown>;

/** The items of the table in memory. As in DynamoDB, each request reads or writes one of them. No item is changed: a write makes another. */
export interface MemoryItems extends Pick<Items, 'get' | 'update' | 'updateConnection'> {
  readonly connections: Map<string, Connection>;
  /** The other items, whose keys hold a `#`. */
  readonly others: Map<string, Item>;
  /** Performs each request, and may let others run before and after it. */
  request: RequestItem;
}

/** Performs the request of one item. */
export type RequestItem = <T>(perform: () => T) => Promise<T>;

/** @param changed is called with each connection's item that was written */
export function createMemoryItems(changed: (item: Connection) => void): MemoryItems {
  const connections = new Map<string, Connection>();
  const others = new Map<string, Item>();
  const itemsOf = (key: string) => (key.includes('#') ? others : (connections as unknown as typeof others));
  const update: Items['update'] = (key, { set, values, condition }) =>
    items.request(() => {
      const item = itemsOf(key).get(key);
      if (condition !== undefined && !fulfils(item ?? {}, condition, values)) return undefined;
      const after = Object.freeze(updated(item ?? { connection: key }, set, values));
      itemsOf(key).set(key, after);
      if (connections.has(key)) changed(after as unknown as Connection);
      return after;
    });
  const items: MemoryItems = {
    connections,
    others,
    request: async (perform) => perform(),
    get: (key) => items.request(() => itemsOf(key).get(key)),
    update,
    updateConnection: async (connection, change) =>
      (await update(connection, change)) as Connection | undefined,
  };
  return items;
}
