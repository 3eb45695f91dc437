import type { Status } from '../../lambdas/tokens/connection.ts';
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
      .map(({ connection, app, dueAt, validUntil, suspectSince }) => ({
        ...{ connection, app, status, dueAt, validUntil },
        ...(suspectSince !== undefined && { suspectSince }),
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

  override async commitConsent(...[consent, seen]: Parameters<MemoryStore['commitConsent']>) {
    const item = await super.commitConsent(consent, seen);
    await this.#index(consent.connection);
    return item;
  }

  override async commitRotation(...[of, rotation]: Parameters<MemoryStore['commitRotation']>) {
    const item = await super.commitRotation(of, rotation);
    await this.#index(of.connection);
    return item;
  }

  override async settle(...[of, settled]: Parameters<MemoryStore['settle']>) {
    const held = await super.settle(of, settled);
    await this.#index(of.connection);
    return held;
  }

  override async fail(...[of, failure]: Parameters<MemoryStore['fail']>) {
    const held = await super.fail(of, failure);
    await this.#index(of.connection);
    return held;
  }

  override async snoozeAlert(...[of, dueAt]: Parameters<MemoryStore['snoozeAlert']>) {
    const held = await super.snoozeAlert(of, dueAt);
    await this.#index(of.connection);
    return held;
  }

  override async beginDisconnect(...[connection, disconnection]: Parameters<MemoryStore['beginDisconnect']>) {
    const item = await super.beginDisconnect(connection, disconnection);
    await this.#index(connection);
    return item;
  }

  async #index(name: string): Promise<void> {
    const item = await this.get(name);
    if (!item) return;
    this.#entry.get(name)?.delete(name);
    const byDueTime = this.#due.get(item.status) ?? new Map<number, Set<string>>();
    this.#due.set(item.status, byDueTime);
    const entry = byDueTime.get(item.dueAt) ?? new Set();
    byDueTime.set(item.dueAt, entry.add(name));
    this.#entry.set(name, entry);
  }
}
