import { Readable } from 'node:stream';

/** Bounds of keys, in their order or in reverse. A negative limit is none. */
interface Range {
  gt?: string;
  gte?: string;
  lt?: string;
  lte?: string;
  reverse?: boolean;
  limit?: number;
}

/** Is called at once. A missing value is no error. */
type Done = (error: null, value?: unknown) => void;

type Change = { type: 'put'; key: string; value: unknown } | { type: 'del'; key: string };

/**
 * Creates what dynalite calls of its LevelDB, without LevelDB's promises, buffers and turns of the event loop. The values
 * are kept as JSON, so that no request shares an object with another one.
 */
export function createLevel() {
  const values = new Map<string, string>();
  /** In the order of LevelDB: all that dynalite's keys have is ASCII. */
  const keys: string[] = [];

  /** Returns the index of the first key that is not before this one. */
  const indexOf = (key: string): number => {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const indexAfter = (key: string) => indexOf(key) + (values.has(key) ? 1 : 0);

  const keysIn = ({ gt, gte, lt, lte, reverse = false, limit = -1 }: Range = {}): string[] => {
    const from = gt !== undefined ? indexAfter(gt) : gte !== undefined ? indexOf(gte) : 0;
    const to = lt !== undefined ? indexOf(lt) : lte !== undefined ? indexAfter(lte) : keys.length;
    const found = keys.slice(from, to);
    if (reverse) found.reverse();
    return limit < 0 ? found : found.slice(0, limit);
  };

  /** The tables' definitions. Each request reads one, and what changes one stores it again. */
  const definitions = new Map<string, unknown>();

  const read = (key: string): unknown => {
    const value = values.get(key);
    if (value === undefined || !key.startsWith('table~')) return value && JSON.parse(value);
    if (!definitions.has(key)) definitions.set(key, JSON.parse(value));
    return definitions.get(key);
  };
  function* valuesOf(found: string[]): Generator<unknown> {
    for (const key of found) yield read(key);
  }
  const put = (key: string, value: unknown): void => {
    if (!values.has(key)) keys.splice(indexOf(key), 0, key);
    values.set(key, JSON.stringify(value));
    definitions.delete(key);
  };
  const remove = (key: string): void => {
    if (values.delete(key)) keys.splice(indexOf(key), 1);
  };

  return {
    get: (key: string, done: Done) => done(null, read(key)),
    put(key: string, value: unknown, done: Done) {
      put(key, value);
      done(null);
    },
    del(key: string, done: Done) {
      remove(key);
      done(null);
    },
    batch(changes: Change[], done: Done) {
      for (const change of changes) {
        if (change.type === 'put') put(change.key, change.value);
        else remove(change.key);
      }
      done(null);
    },
    createKeyStream: (range?: Range) => Readable.from(keysIn(range)),
    createValueStream: (range?: Range) => Readable.from(valuesOf(keysIn(range))),
  };
}
