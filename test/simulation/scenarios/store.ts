import type { Connection, Status } from '../../../lambdas/tokens/connection.ts';
import type { ConnectionStore } from '../../../lambdas/tokens/store/connection-store.ts';
import type { Cursor, DueEntry } from '../../../lambdas/tokens/store/pages.ts';
import { MemoryStore } from '../../support/world/memory-store.ts';
import { StepTimes } from './step-times.ts';

type Perform = <T>(point: string, call: () => Promise<T>) => Promise<T>;

/** One row of the index `due`, and since when it stands there. */
interface Row {
  since: number;
  entry: DueEntry;
}

/** The store in memory for thousands of connections, whose index may show a write late. */
export class FleetStore {
  readonly inner: MemoryStore = new MemoryStore();
  /** Seconds by which the index is late. */
  lag = 0;
  readonly steps = new StepTimes();
  readonly #now: () => number;
  /** The present row of each connection, and the one before it. */
  readonly #rows = new Map<string, Row[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** When the next connection is due, epoch seconds; infinite without one. */
  nextDue(): number {
    let next = Infinity;
    for (const rows of this.#rows.values()) {
      const { entry } = rows.at(-1) as Row;
      if (entry.status !== 'disconnected') next = Math.min(next, entry.dueAt);
    }
    return next;
  }

  /** The store as a function has it: each call takes its time, and each write reaches the index late. */
  over(perform: Perform): ConnectionStore {
    return new Proxy(this.inner as ConnectionStore, {
      get: (target, property) => {
        const method = target[property as keyof ConnectionStore] as (...args: unknown[]) => Promise<unknown>;
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const began = this.#now();
          const result = await perform(String(property), async () => {
            if (property === 'due') return this.#due(...(args as Parameters<ConnectionStore['due']>));
            const returned = await method.apply(target, args);
            await this.#index(args[0]);
            return returned;
          });
          this.steps.called(String(property), args[0], result, [began, this.#now()]);
          return result;
        };
      },
    });
  }

  /** Takes what was written beside `over` into the index. */
  async index(connection: string): Promise<void> {
    await this.#index(connection);
  }

  async #index(of: unknown): Promise<void> {
    const name = typeof of === 'string' ? of : (of as Connection | undefined)?.connection;
    if (name === undefined) return;
    const item = await this.inner.get(name);
    if (!item) return;
    const { connection, app, status, dueAt, validUntil, suspectSince } = item;
    const entry: DueEntry = {
      ...{ connection, app, status, dueAt, validUntil },
      ...(suspectSince !== undefined && { suspectSince }),
    };
    const rows = this.#rows.get(connection) ?? [];
    const last = rows.at(-1)?.entry;
    if (last && JSON.stringify(last) === JSON.stringify(entry)) return;
    // Older rows than the index may still show are not needed.
    const shown = rows.filter(
      ({ since }, at) =>
        (rows[at + 1]?.since ?? Infinity) > this.#now() - this.lag || since > this.#now() - this.lag,
    );
    this.#rows.set(connection, [...shown, { since: this.#now(), entry }]);
  }

  #due(
    status: Status,
    now: number,
    { limit, after }: { limit: number; after?: Cursor | undefined },
  ): Awaited<ReturnType<ConnectionStore['due']>> {
    const shownAt = this.#now() - this.lag;
    const due: DueEntry[] = [];
    for (const rows of this.#rows.values()) {
      const row = rows.findLast(({ since }) => since <= shownAt) ?? rows[0];
      if (row && row.entry.status === status && row.entry.dueAt <= now) due.push(row.entry);
    }
    due.sort((a, b) => a.dueAt - b.dueAt || (a.connection < b.connection ? -1 : 1));
    const from = after
      ? due.findIndex(
          ({ dueAt, connection }) =>
            dueAt > (after.dueAt as number) ||
            (dueAt === after.dueAt && connection > (after.connection as string)),
        )
      : 0;
    if (from === -1) return { entries: [] };
    const entries = due.slice(from, from + limit);
    const last = entries.at(-1);
    const hasMore = from + limit < due.length;
    return { entries, ...(hasMore && last && { next: { dueAt: last.dueAt, connection: last.connection } }) };
  }
}
