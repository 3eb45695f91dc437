import type { DueEntry } from '../store.ts';

/** Entries that wait for their step, by app. */
export class Lane {
  readonly #apps = new Map<string, DueEntry[]>();

  /** Adds entries; within an app, the nearest end of a published token comes first. */
  add(entries: DueEntry[]): void {
    for (const [app, added] of Map.groupBy(entries, (entry) => entry.app)) {
      const all = [...(this.#apps.get(app) ?? []), ...added];
      // The last one is the next one.
      this.#apps.set(
        app,
        all.reverse().sort((a, b) => b.validUntil - a.validUntil),
      );
    }
  }

  /** Returns the next entry of each app, the nearest end of a published token first. */
  heads(): DueEntry[] {
    const heads = [...this.#apps.values()].flatMap((entries) => entries.at(-1) ?? []);
    return heads.sort((a, b) => a.validUntil - b.validUntil);
  }

  /** Removes the next entry of the app. */
  shift(app: string): void {
    this.#apps.get(app)?.pop();
  }
}
