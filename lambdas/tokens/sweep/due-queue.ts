import type { Status } from '../connection.ts';
import type { Dependencies } from '../dependencies.ts';
import { createFairShare } from '../fair-share.ts';
import { isIncident } from '../judgement/app-health.ts';
import type { AppMonitor } from '../judgement/app-monitor.ts';
import { isPaused, mayProbe } from '../judgement/pause.ts';
import { bundleOf } from '../publication/place.ts';
import type { Cursor, DueEntry } from '../store/pages.ts';
import { Lane } from './lane.ts';

/** The most names that a sweep reads ahead: more than it can do in its time. */
const MOST_AHEAD = 6000;
const PAGE = 1000;

/** While others are due, suspects take at most this share of a sweep's step time. */
const SUSPECT_SHARE = 0.05;
/** While active connections are due, every so many steps is that of a misconfigured one. */
const MISCONFIGURED_TURN = 20;
/** During an incident, so many of an app's suspects are tried in a sweep. */
const INCIDENT_PROBES = 2;

/**
 * While other apps have something due, so many of the sweep's steps may be those of one app. At least half of the slots are
 * left for the others even where a quick app begins to hang. No app is known to be quick before its first step has ended.
 */
const APP_SHARE = { slowMilliseconds: 4000, most: { untried: 4, quick: 8, slow: 4 } };

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
  /** Returns whether a step is under way at whose end more may start: a probe, or one of an app with a used up share. */
  isWaiting(): boolean;
  /** Returns whether a connection waits because as many with a secret of their own are under way as may be. */
  isFull(): boolean;
  /** Returns whether other members of the bundle wait for their steps. */
  expects(bundle: string): boolean;
  /** Takes notice that a step begins. */
  begun(step: DueStep): void;
  /** Takes notice that a step has ended. `milliseconds`: how long it took. */
  ended(step: DueStep, milliseconds: number): void;
  /** Returns the first error of a page that could not be read. */
  failure(): unknown;
}

type QueueDependencies = Pick<Dependencies, 'store' | 'now'>;

/**
 * Orders what is due: by the end of the published token, the nearest first, as far as can be read ahead, beyond that as
 * the index has it. Suspects come last, misconfigured connections in turn, and an app takes no more than its share. Each
 * name is taken once a sweep, whatever the index shows of it afterwards.
 * @param mostOwn so many steps at a time of connections with a secret of their own
 */
export function createDueQueue(apps: AppMonitor, deps: QueueDependencies, mostOwn: number): DueQueue {
  const { now } = deps;
  const sources = [createSource('active', deps), createSource('misconfigured', deps)];
  const lanes = { living: new Lane(), misconfigured: new Lane(), suspects: new Lane() };
  const met = new Set<string>();
  /** Members of each bundle that were read and not started. */
  const members = new Map<string, number>();
  const countMember = (entry: DueEntry, difference: number) => {
    const bundle = bundleOf(entry.place);
    if (bundle === undefined || laneOf(entry) === 'suspects') return;
    members.set(bundle, (members.get(bundle) ?? 0) + difference);
  };
  const probing = new Set<string>();
  const shares = createFairShare(APP_SHARE);
  const suspectsStarted = new Map<string, number>();
  /** Milliseconds of the steps that have ended, and how many they were. */
  const time = { all: 0, suspects: 0, steps: 0 };
  let suspectsUnderWay = 0;
  let started = 0;
  let isHeldBack = false;
  let ownUnderWay = 0;
  let isFull = false;
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
    for (const entry of entries) {
      met.add(entry.connection);
      countMember(entry, 1);
    }
    for (const [lane, found] of Map.groupBy(entries, laneOf)) lanes[lane].add(found);
    return entries.length > 0;
  };

  /** Takes the first entry that may be started now; the others of a paused app wait. */
  const take = async (
    inTurn: Lane[],
    isAllowed: (app: string) => boolean = () => true,
  ): Promise<DueStep | undefined> => {
    for (const lane of inTurn) {
      for (const entry of lane.heads()) {
        if (isOwn(entry) && ownUnderWay >= mostOwn) {
          isFull = true;
          continue;
        }
        const verdict = await judge(entry);
        if (verdict === 'wait' || (verdict === 'go' && !isAllowed(entry.app))) continue;
        lane.shift(entry.app);
        return { entry, isProbe: verdict === 'probe' };
      }
    }
    return undefined;
  };

  const judge = async (entry: DueEntry): Promise<'go' | 'probe' | 'wait'> => {
    const { app, validUntil, suspectSince } = entry;
    const health = apps.known(app) ?? (await apps.health(app));
    if (probing.has(app)) return 'wait';
    if (isPaused(health)) return mayProbe(health, validUntil, now()) ? 'probe' : 'wait';
    if (suspectSince === undefined || !isIncident(health, now())) return 'go';
    return (suspectsStarted.get(app) ?? 0) < INCIDENT_PROBES ? 'go' : 'wait';
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
    return mayTakeSuspect() ? [suspects, ...healthy] : healthy;
  };

  const start = async (step: DueStep): Promise<DueStep> => {
    started += 1;
    const { app } = step.entry;
    shares.begin(app);
    if (isOwn(step.entry)) ownUnderWay += 1;
    if (laneOf(step.entry) === 'suspects') {
      suspectsUnderWay += 1;
      suspectsStarted.set(app, (suspectsStarted.get(app) ?? 0) + 1);
    }
    if (step.isProbe) {
      probing.add(app);
      await apps.record(app, { kind: 'probing' });
    }
    return step;
  };

  return {
    async next() {
      const heldBack = new Set<string>();
      const isWithinShare = (app: string) => {
        if (!shares.isUsedUp(app)) return true;
        heldBack.add(app);
        return false;
      };
      isFull = false;
      const inTurn = turns();
      let step = await take(inTurn, isWithinShare);
      const rest = heldBack.size > 0 ? inTurn : [lanes.suspects];
      step ??= await take(rest, isWithinShare);
      // A share binds for the sake of others, and no slow app exceeds it while another is quick, or may prove to be.
      const isAlone = heldBack.size === 1 || [...heldBack].every((app) => shares.speed(app) === 'slow');
      step ??= await take(rest, (app) => isAlone || shares.speed(app) === 'quick');
      isHeldBack = !step && heldBack.size > 0;
      return step && start(step);
    },
    readOn,
    begun: ({ entry }) => countMember(entry, -1),
    expects: (bundle) => (members.get(bundle) ?? 0) > 0,
    isWaiting: () => probing.size > 0 || isHeldBack,
    isFull: () => isFull,
    ended({ entry, isProbe }, milliseconds) {
      time.all += milliseconds;
      time.steps += 1;
      shares.end(entry.app, milliseconds);
      if (isOwn(entry)) ownUnderWay -= 1;
      if (laneOf(entry) === 'suspects') {
        time.suspects += milliseconds;
        suspectsUnderWay -= 1;
      }
      if (isProbe) probing.delete(entry.app);
    },
    failure: () => failure,
  };
}

const isOwn = ({ place = 'own' }: DueEntry): boolean => place === 'own';

function laneOf({ status, suspectSince }: DueEntry): 'living' | 'misconfigured' | 'suspects' {
  if (suspectSince !== undefined) return 'suspects';
  return status === 'misconfigured' ? 'misconfigured' : 'living';
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
