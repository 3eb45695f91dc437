import type { Connection, Status } from '../../lambdas/tokens/connection.ts';
import { MemoryStore } from '../../test/support/world/memory-store.ts';

/** The store in memory with an index by due time, so that a page of a fleet of 100,000 needs no sorting. */
export class OrderedStore extends MemoryStore {
  /** Names by status and due time. */
  readonly #due = new Map<Status, Map<number, Set<string>>>();
  /** The set of `#due` that holds a name. */
  readonly #entry = new Map<string, Set<string>>();

  override async due(status: Status, now: number, { limit, after }: Parameters<MemoryStore['due']>[2]) {
    const from = (after?.offset ?? 0) as number;
    const names = this.#namesDue(status, now, from + limit + 1);
    const shown = names.slice(from, from + limit);
    const items = await Promise.all(shown.map((name) => this.get(name)));
    const entries = items
      .filter((item) => item !== undefined)
      .map(({ connection, app, dueAt, validUntil, suspectSince, place }) => ({
        ...{ connection, app, status, dueAt, validUntil },
        ...(suspectSince !== undefined && { suspectSince }),
        ...(place !== undefined && { place }),
      }));
    return { entries, ...(names.length > from + limit && { next: { offset: from + limit } }) };
  }

  #namesDue(status: Status, now: number, most: number): string[] {
    const instants = this.#due.get(status) ?? new Map<number, Set<string>>();
    const names: string[] = [];
    for (const instant of [...instants.keys()].filter((at) => at <= now).sort((a, b) => a - b)) {
      for (const name of [...(instants.get(instant) ?? [])].sort()) {
        if (names.length === most) return names;
        names.push(name);
      }
    }
    return names;
  }

  protected override changed({ connection, status, dueAt }: Connection): void {
    this.#entry.get(connection)?.delete(connection);
    const byDueTime = this.#due.get(status) ?? new Map<number, Set<string>>();
    this.#due.set(status, byDueTime);
    const entry = byDueTime.get(dueAt) ?? new Set();
    byDueTime.set(dueAt, entry.add(connection));
    this.#entry.set(connection, entry);
  }
}
