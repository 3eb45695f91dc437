import { AsyncLocalStorage } from 'node:async_hooks';
import type { SweepDependencies } from '../../../lambdas/tokens/dependencies.ts';
import { FUNCTION_SECONDS, type World } from '../world/world.ts';

/** How a call to another service ends. */
export const ENDINGS = [
  'succeeds',
  'fails',
  'loses its response',
  'is killed before',
  'is killed after',
] as const;
export type Ending = (typeof ENDINGS)[number];

/** One invocation, held at its current call until `next` releases it. */
export class Invocation {
  readonly name: string;
  readonly startedAt: number;
  /** Seconds by which its clock differs from Zoom's. */
  readonly skew: number;
  /** Whether it goes on after its timeout, which no Lambda function does. Its lease then expires while it still works. */
  readonly isOverdueAllowed: boolean;
  /** The call at which it is held. */
  point: string | undefined;
  isKilled = false;
  /** Whether it was killed or ended because of its deadline. */
  isTimeUp = false;

  constructor({
    name,
    startedAt,
    skew,
    isOverdueAllowed,
  }: Pick<Invocation, 'name' | 'startedAt' | 'skew' | 'isOverdueAllowed'>) {
    this.name = name;
    this.startedAt = startedAt;
    this.skew = skew;
    this.isOverdueAllowed = isOverdueAllowed;
  }

  /** Whether it exchanges a code, rather than a refresh token. */
  get isConsent(): boolean {
    return this.name.startsWith('consent');
  }

  /** Returns what its clock shows at a time of Zoom's, epoch seconds. */
  clock(time: number): number {
    return Math.floor(time + this.skew);
  }

  isOverdue(time: number): boolean {
    return time - this.startedAt >= FUNCTION_SECONDS;
  }
}

/** Receives the outcomes of calls. */
export interface Observer {
  /** The service has performed the call. `isLost`: the function never gets the response. */
  performed(by: Invocation, point: string, response: unknown, isLost: boolean): Promise<void>;
}

/** How long before its deadline a function stops retrying the commit: its reserve, a pause and a rounded second. */
const LAST_SECONDS = 5;

interface Held {
  point: string;
  perform: () => Promise<unknown>;
  resolve: (response: never) => void;
  reject: (error: Error) => void;
  /** The call, once it has begun. */
  performing?: Promise<unknown>;
  /** How the call ends, or the request of the table's item that it waits for. */
  ending: Ending;
  /** Requests of items that the call has made, and whether one of them failed. */
  requests: number;
  hasFailed: boolean;
  /** Makes the request that the call waits for. */
  goOn?: (() => void) | undefined;
  /** Is called where the call does not go on by itself. */
  stopped: () => void;
}

/** The call in which the code runs. */
const current = new AsyncLocalStorage<Held>();

/**
 * Performs the request of one of the table's items. A call that needs several is held before each one but the first, so that
 * others run between them.
 */
export async function requestItem<T>(perform: () => T): Promise<T> {
  const held = current.getStore();
  if (!held) return perform();
  held.requests += 1;
  if (held.requests > 1) {
    await new Promise<void>((resolve) => {
      held.goOn = resolve;
      held.stopped();
    });
  }
  const fail = (code: string) => {
    held.hasFailed = true;
    throw failed(held.point, code);
  };
  if (held.ending === 'fails') return fail('ECONNREFUSED');
  const response = perform();
  if (held.ending === 'loses its response') return fail('ECONNRESET');
  if (held.ending !== 'is killed after') return response;
  held.stopped();
  return new Promise<T>(() => {});
}

/** One Lambda execution environment: one invocation at a time, its own clock, and caches until it is killed. */
export class Environment {
  invocation: Invocation | undefined;
  readonly #world: World;
  readonly #skew: number;
  readonly #observer: Observer;
  #dependencies: SweepDependencies | undefined;
  #life = 0;
  /** The held calls in order. A function may make several at once. */
  #held: Held[] = [];
  #reached = () => {};

  constructor(world: World, skew: number, observer: Observer) {
    this.#world = world;
    this.#skew = skew;
    this.#observer = observer;
  }

  /** Starts a function, up to its first call. */
  async start(
    name: string,
    run: (deps: SweepDependencies, deadline: number) => Promise<unknown>,
    isOverdueAllowed: boolean,
  ) {
    const { time: startedAt } = this.#world;
    const invocation = new Invocation({ name, startedAt, skew: this.#skew, isOverdueAllowed });
    this.invocation = invocation;
    this.#dependencies ??= this.#create();
    const deps = this.#dependencies;
    this.#held = [];
    await this.#untilHeld(() => {
      const ended = () => {
        if (invocation.isKilled) return;
        invocation.isTimeUp = invocation.isOverdue(this.#world.time + LAST_SECONDS);
        this.invocation = undefined;
        this.#reached();
      };
      run(deps, deps.now() + FUNCTION_SECONDS).then(ended, ended);
    });
  }

  /** Ends the held call or its present request of an item, and waits for the next call or request. */
  async next(wanted: Ending): Promise<void> {
    const { invocation } = this;
    const [held] = this.#held;
    if (!invocation || !held) return;
    const { point } = held;
    invocation.point = point;
    held.ending = this.#endingOf(point, wanted);
    const { ending } = held;
    if (ending === 'is killed before') return this.kill();
    if (ending === 'fails' && !held.goOn) return this.#end(() => held.reject(failed(point, 'ECONNREFUSED')));
    try {
      const outcome = await this.#perform(held);
      const response = outcome && 'response' in outcome ? outcome.response : undefined;
      await this.#observer.performed(invocation, point, response, ending !== 'succeeds');
      if (ending === 'is killed after') return this.kill();
      if (!outcome) return;
      if ('error' in outcome) return await this.#end(() => held.reject(outcome.error));
      await this.#end(() => {
        if (ending === 'succeeds' || held.requests > 0) held.resolve(response as never);
        else held.reject(failed(point, 'ECONNRESET'));
      });
    } catch (error) {
      this.kill();
      throw error;
    }
  }

  #endingOf(point: string, wanted: Ending): Ending {
    if (point === 'wait' && !wanted.startsWith('is killed')) return 'succeeds';
    const isLost = point === 'zoom.token' && this.#world.zoom.areResponsesLost && wanted === 'succeeds';
    return isLost ? 'loses its response' : wanted;
  }

  /** Begins the call, or goes on with it. Returns how it ended; `undefined` where it waits for another item, or for ever. */
  async #perform(held: Held): Promise<{ response: unknown } | { error: Error } | undefined> {
    const stopped = new Promise<undefined>((resolve) => {
      held.stopped = () => resolve(undefined);
    });
    const { goOn } = held;
    held.goOn = undefined;
    if (goOn) goOn();
    else held.performing = current.run(held, held.perform);
    const ended = Promise.resolve(held.performing).then(
      (response) => ({ response }),
      (error) => {
        if (held.hasFailed) return { error };
        throw error;
      },
    );
    return Promise.race([ended, stopped]);
  }

  /** Ends the held call, and waits for the next one. */
  async #end(end: () => void): Promise<void> {
    this.#held.shift();
    await this.#untilHeld(end);
  }

  /** Stops the function. The next invocation gets a new environment. */
  kill(): void {
    if (this.invocation) Object.assign(this.invocation, { isKilled: true, isTimeUp: true });
    this.invocation = undefined;
    this.#dependencies = undefined;
    this.#life += 1;
    // A request to Zoom ends with its function, and whatever counts the requests under way must see that. Any other
    // call never returns: code that survives its failure would go on after the function's end.
    for (const held of this.#held.splice(0))
      if (held.point.startsWith('zoom')) held.reject(new Error('killed'));
  }

  #create(): SweepDependencies {
    const life = this.#life;
    // Code of a killed invocation that still runs stops here.
    const intercept = <T>(point: string, perform: () => Promise<T>) =>
      life === this.#life ? this.#hold(point, perform) : new Promise<T>(() => {});
    const deps = this.#world.dependencies({ skew: this.#skew, intercept });
    return {
      ...deps,
      wait: (milliseconds) => intercept('wait', async () => this.#world.pass(milliseconds / 1000)),
    };
  }

  #hold<T>(point: string, perform: () => Promise<T>): Promise<T> {
    if (this.invocation && this.#held.length === 0) this.invocation.point = point;
    return new Promise<T>((resolve, reject) => {
      const call = { ending: 'succeeds', requests: 0, hasFailed: false, stopped: () => {} } as const;
      this.#held.push({ ...call, point, perform, resolve, reject });
      this.#reached();
    });
  }

  async #untilHeld(go: () => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#reached = resolve;
      go();
      if (this.#held.length > 0) resolve();
    });
  }
}

function failed(point: string, code: string): Error {
  const cause = Object.assign(new Error(code), { code });
  return point.startsWith('zoom') ? new TypeError('fetch failed', { cause }) : cause;
}
