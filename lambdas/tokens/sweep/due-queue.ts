import type { Status } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { isIncident } from '../judgement/app-health.ts';
import type { AppMonitor } from '../judgement/app-monitor.ts';
import { isPaused, mayProbe } from '../judgement/pause.ts';
import type { Cursor, DueEntry } from '../store.ts';

/** The most names that a sweep reads ahead: more than it can do in its time. */
const MOST_AHEAD = 6000;
const PAGE = 1000;

/** While others are due, suspects take at most this share of a sweep's step time. */
const SUSPECT_SHARE = 0.05;
/** While active connections are due, every so many steps is that of a misconfigured one. */
const MISCONFIGURED_TURN = 20;
/** During an incident, so many of an app's suspects are tried in a sweep. */
const INCIDENT_PROBES = 2;

/** One step that the queue starts. */
export interface DueStep {
  entry: DueEntry;
  /** The one request that finds out whether a paused app may go on. */
  isProbe: boolean;
}

/** The connections that are due, in the order in which a sweep takes them. */
export interface DueQueue {
  /** Returns the next step, `undefined` where none of those that were read can start now. */
  next(): Promise<DueStep | undefined>;
  /**
   * Reads on: the next pages, and after the last one once more from the beginning.
   * @returns whether a name was found that this sweep has not met
   */
  readOn(): Promise<boolean>;
  /** Returns whether a probe is under way, at whose end more steps may start. */
  isWaiting(): boolean;
  /** Takes notice that a step has ended. `milliseconds`: how long it took. */
  ended(step: DueStep, milliseconds: number): void;
  /** Returns the first error of a page that could not be read. */
  failure(): unknown;
}

type QueueDependencies = Pick<Dependencies, 'store' | 'now'>;

/**
 * Orders what is due: by the end of the published token, the nearest first, as far as can be read ahead, beyond that as
 * the index has it. Suspects come last, misconfigured connections in turn. Each name is taken once a sweep, whatever the
 * index shows of it afterwards.
 */
export function createDueQueue(apps: AppMonitor, deps: QueueDependencies): DueQueue {
  const { now } = deps;
  const sources = [createSource('active', deps), createSource('misconfigured', deps)];
  const lanes = { living: new Lane(), misconfigured: new Lane(), suspects: new Lane() };
  const met = new Set<string>();
  const probing = new Set<string>();
  const incidentProbes = new Map<string, number>();
  /** Milliseconds of the steps that have ended, and how many they were. */
  const time = { all: 0, suspects: 0, steps: 0 };
  let suspectsUnderWay = 0;
  let started = 0;
  let failure: unknown;

  const readOn = async () => {
    if (sources.every((source) => source.isAtEnd())) for (const source of sources) source.restart();
    const entries: DueEntry[] = [];
    for (const source of sources) {
      while (entries.length < MOST_AHEAD && !source.isAtEnd()) {
        try {
          entries.push(...(await source.read()).filter(({ connection }) => !met.has(connection)));
        } catch (error) {
          failure ??= error;
          return false;
        }
      }
    }
    for (const entry of entries.sort((a, b) => a.validUntil - b.validUntil)) {
      met.add(entry.connection);
      lanes[laneOf(entry)].push(entry);
    }
    return entries.length > 0;
  };

  /** Takes the first entry of the lane that may be started now; the others of a paused app wait. */
  const take = async (lane: Lane): Promise<DueStep | undefined> => {
    for (let entry = lane.shift(); entry; entry = lane.shift()) {
      const verdict = await judge(entry);
      if (verdict !== 'wait') return { entry, isProbe: verdict === 'probe' };
      lane.hold(entry);
    }
    return undefined;
  };

  const judge = async (entry: DueEntry): Promise<'go' | 'probe' | 'wait'> => {
    const { app, validUntil, suspectSince } = entry;
    const health = apps.known(app) ?? (await apps.health(app));
    if (probing.has(app)) return 'wait';
    if (isPaused(health)) return mayProbe(health, validUntil, now()) ? 'probe' : 'wait';
    if (suspectSince === undefined || !isIncident(health, now())) return 'go';
    const probes = incidentProbes.get(app) ?? 0;
    if (probes >= INCIDENT_PROBES) return 'wait';
    incidentProbes.set(app, probes + 1);
    return 'go';
  };

  /** One suspect at a time, and only where its step leaves the suspects below their share. */
  const mayTakeSuspect = () =>
    suspectsUnderWay === 0 &&
    time.steps > 0 &&
    time.suspects + time.all / time.steps <= SUSPECT_SHARE * time.all;

  /** Returns the lanes in the order in which they have their turn now. */
  const turns = (): Lane[] => {
    const { living, misconfigured, suspects } = lanes;
    const isTheirTurn = started % MISCONFIGURED_TURN === MISCONFIGURED_TURN - 1;
    const healthy = isTheirTurn ? [misconfigured, living] : [living, misconfigured];
    if (living.size + misconfigured.size === 0) return [suspects];
    return mayTakeSuspect() ? [suspects, ...healthy] : healthy;
  };

  const start = async (step: DueStep): Promise<DueStep> => {
    started += 1;
    const { app } = step.entry;
    if (laneOf(step.entry) === 'suspects') suspectsUnderWay += 1;
    if (step.isProbe) {
      probing.add(app);
      await apps.record(app, { kind: 'probing' });
    }
    return step;
  };

  return {
    async next() {
      for (const lane of turns()) {
        const step = await take(lane);
        if (step) return start(step);
      }
      return undefined;
    },
    readOn,
    isWaiting: () => probing.size > 0,
    ended({ entry, isProbe }, milliseconds) {
      time.all += milliseconds;
      time.steps += 1;
      if (laneOf(entry) === 'suspects') {
        time.suspects += milliseconds;
        suspectsUnderWay -= 1;
      }
      if (!isProbe) return;
      probing.delete(entry.app);
      for (const lane of Object.values(lanes)) lane.release();
    },
    failure: () => failure,
  };
}

function laneOf({ status, suspectSince }: DueEntry): 'living' | 'misconfigured' | 'suspects' {
  if (suspectSince !== undefined) return 'suspects';
  return status === 'misconfigured' ? 'misconfigured' : 'living';
}

/** Entries in their order, and those that cannot be started now. */
class Lane {
  #entries: DueEntry[] = [];
  #next = 0;
  #held: DueEntry[] = [];

  get size(): number {
    return this.#entries.length - this.#next;
  }

  push(entry: DueEntry): void {
    this.#entries.push(entry);
  }

  shift(): DueEntry | undefined {
    const entry = this.#entries[this.#next];
    if (entry) this.#next += 1;
    return entry;
  }

  hold(entry: DueEntry): void {
    this.#held.push(entry);
  }

  /** Puts what was held before what is left. */
  release(): void {
    this.#entries = [...this.#held, ...this.#entries.slice(this.#next)];
    this.#next = 0;
    this.#held = [];
  }
}

interface Source {
  isAtEnd(): boolean;
  /** Reads the next page. */
  read(): Promise<DueEntry[]>;
  restart(): void;
}

/** The pages of one status. */
function createSource(status: Status, { store, now }: QueueDependencies): Source {
  let after: Cursor | undefined;
  let isAtEnd = false;
  return {
    isAtEnd: () => isAtEnd,
    async read() {
      const page = await store.due(status, now(), { limit: PAGE, after });
      after = page.next;
      isAtEnd = after === undefined;
      return page.entries;
    },
    restart() {
      after = undefined;
      isAtEnd = false;
    },
  };
}
