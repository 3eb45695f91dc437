import { nameOrder } from '../name-order.ts';
import { bundleOf } from '../publication/place.ts';
import type { DueEntry } from '../store/pages.ts';

/** Entries that wait for their step, by app. */
export class Lane {
  readonly #apps = new Map<string, DueEntry[]>();

  /** Adds entries; within an app, the nearest end of a published token comes first, and a bundle's members together. */
  add(entries: DueEntry[]): void {
    for (const [app, added] of Map.groupBy(entries, (entry) => entry.app)) {
      const all = [...(this.#apps.get(app) ?? []), ...added];
      const end = endsOf(all);
      // The last one is the next one.
      this.#apps.set(
        app,
        all.reverse().sort((a, b) => end(b) - end(a) || nameOrder(b.place ?? '', a.place ?? '')),
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

/** Returns the end of an entry's token; for a bundle's member, the nearest one in the bundle. */
function endsOf(entries: DueEntry[]): (entry: DueEntry) => number {
  const ends = new Map<string, number>();
  for (const { place, validUntil } of entries)
    if (bundleOf(place) !== undefined && place)
      ends.set(place, Math.min(validUntil, ends.get(place) ?? Infinity));
  return ({ place, validUntil }) => ends.get(place ?? '') ?? validUntil;
}
