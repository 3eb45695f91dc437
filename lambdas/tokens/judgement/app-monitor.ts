import type { Dependencies } from '../dependencies.ts';
import { type AppEvent, type AppHealth, addEvent, NO_HEALTH } from './app-health.ts';

/** How often a write that another function overtook is repeated. */
const MOST_WRITES = 5;

/**
 * Watches the Zoom apps of one invocation. What Zoom responds is added to the app's stored health, from which incidents
 * and pauses are derived.
 */
export interface AppMonitor {
  /** Returns an app's health: read once, then as this invocation knows it. */
  health(app: string): Promise<AppHealth>;
  /** Returns an app's health without a read, `undefined` before the first one. */
  known(app: string): AppHealth | undefined;
  /**
   * Adds an event, and returns the health once it is stored. Events that come while a write is under way are written
   * together with the next. Never fails: where nothing can be stored, the event counts for this invocation.
   */
  record(app: string, event: AppEvent): Promise<AppHealth>;
  /** Adds an event that may be stored later: together with the next `record`, or by `flush`. */
  note(app: string, event: AppEvent): void;
  /** Stores what was noted. Never fails. */
  flush(): Promise<void>;
  /** Returns the names of the apps that were seen. */
  seen(): string[];
}

interface Watch {
  health: Promise<AppHealth>;
  known?: AppHealth;
  pending: AppEvent[];
  /** The last write, which the next one waits for. */
  writing: Promise<unknown>;
}

export function createAppMonitor(deps: Pick<Dependencies, 'store' | 'now' | 'log'>): AppMonitor {
  const watches = new Map<string, Watch>();

  const watch = (app: string): Watch => {
    const present = watches.get(app);
    if (present) return present;
    const created: Watch = { health: read(app, deps), pending: [], writing: Promise.resolve() };
    watches.set(app, created);
    return created;
  };

  const health = async (app: string): Promise<AppHealth> => {
    const watched = watch(app);
    watched.known = await watched.health;
    return watched.known;
  };

  const writePending = (app: string): Promise<AppHealth> => {
    const watched = watch(app);
    const write = watched.writing.then(async () => {
      const events = watched.pending.splice(0);
      if (events.length > 0)
        watched.health = Promise.resolve(await storeEvents(app, await watched.health, events, deps));
      return health(app);
    });
    watched.writing = write;
    return write;
  };

  return {
    health,
    known: (app) => watches.get(app)?.known,
    record(app, event) {
      watch(app).pending.push(event);
      return writePending(app);
    },
    note(app, event) {
      watch(app).pending.push(event);
    },
    async flush() {
      const noted = [...watches].filter(([, { pending }]) => pending.length > 0);
      await Promise.all(noted.map(([app]) => writePending(app)));
    },
    seen: () => [...watches.keys()],
  };
}

/** A health that cannot be read counts as none: nothing is paused for it, and nothing is believed too early. */
async function read(app: string, { store, log }: Pick<Dependencies, 'store' | 'log'>): Promise<AppHealth> {
  try {
    return (await store.appHealth(app)) ?? NO_HEALTH;
  } catch (error) {
    log.warn(`The app's health could not be read (${nameOf(error)}).`, { app });
    return NO_HEALTH;
  }
}

/** Adds the events to the stored health; on top of what another function has stored meanwhile. */
async function storeEvents(
  app: string,
  known: AppHealth,
  events: AppEvent[],
  { store, now, log }: Pick<Dependencies, 'store' | 'now' | 'log'>,
): Promise<AppHealth> {
  const add = (health: AppHealth) => events.reduce((sum, event) => addEvent(sum, event, now()), health);
  try {
    let before = known;
    for (let writes = 0; writes < MOST_WRITES; writes += 1) {
      const after = { ...add(before), revision: before.revision + 1 };
      if (await store.putAppHealth(app, after)) return after;
      before = (await store.appHealth(app)) ?? NO_HEALTH;
    }
    log.warn("The app's health could not be stored: other functions write it.", { app });
  } catch (error) {
    log.warn(`The app's health could not be stored (${nameOf(error)}).`, { app });
  }
  return add(known);
}

const nameOf = (error: unknown) => (error instanceof Error ? error.name : 'unknown');
