import type { SweepDependencies } from '../../lambdas/tokens/dependencies.ts';
import type { World } from '../support/world/world.ts';
import { isWithin, merge, outages, type Window } from './faults.ts';
import type { Way } from './ledger.ts';
import type { SimulationOptions, SimulationReport } from './report.ts';

/** A Lambda execution environment. It keeps its caches until it is killed or replaced by a deployment. */
export interface Environment {
  deps: SweepDependencies;
  isDead: boolean;
  killed: Promise<void>;
}

/** Is called with every response. `isLost`: the function did not get it. */
export type Note = (point: string, response: unknown, to: Environment, isLost: boolean) => Promise<void>;

const DAY = 86_400;
const AWS_SECONDS = 0.1;
const ZOOM_SECONDS = 1;

/** Decides how each call of the functions ends. */
export class Weather {
  readonly #world: World;
  readonly #rates: SimulationOptions['faults'];
  readonly #counts: SimulationReport['faults'];
  readonly #random: () => number;
  readonly #down: Record<Service, Window[]>;

  constructor(
    options: SimulationOptions,
    world: World,
    random: () => number,
    counts: SimulationReport['faults'],
  ) {
    this.#world = world;
    this.#rates = options.faults;
    this.#counts = counts;
    this.#random = random;
    const draw = () =>
      outages(world.time, world.time + options.days * DAY, options.faults.outageEveryDays, random);
    this.#down = { zoom: draw(), store: draw(), vault: draw(), n8n: draw() };
    for (const { from, to } of Object.values(this.#down).flat()) {
      counts.outages += 1;
      counts.outageMinutes += Math.round((to - from) / 60);
    }
  }

  get isFair(): boolean {
    return !Object.values(this.#down).some((windows) => isWithin(windows, this.#world.time));
  }

  /** Returns when a service on the way to n8n was down, each time prolonged by `after` seconds. */
  outages(way: Way, after: number): Window[] {
    const { n8n, ...others } = this.#down;
    return merge([...Object.values(others), way === 'push' ? n8n : []].flat(), after);
  }

  wasStoreDown(from: number, to: number): boolean {
    return this.#down.store.some((window) => window.from < to && from < window.to);
  }

  open(note: Note): Environment {
    let kill = () => {};
    const killed = new Promise<void>((resolve) => {
      kill = resolve;
    });
    const deps = this.#world.dependencies({
      random: this.#random,
      intercept: (point, perform) => this.#call(point, perform, environment, note, die),
    });
    // Deriving keys a million times would take longer than the whole simulation.
    const keys = new Map<string | undefined, ReturnType<SweepDependencies['keyring']>>();
    const keyring: SweepDependencies['keyring'] = (id) => {
      const found = keys.get(id) ?? deps.keyring(id);
      keys.set(id, found);
      return found;
    };
    const environment: Environment = { deps: { ...deps, keyring }, isDead: false, killed };
    const die = () => {
      environment.isDead = true;
      kill();
    };
    return environment;
  }

  async #call<T>(
    point: string,
    perform: () => Promise<T>,
    environment: Environment,
    note: Note,
    die: () => void,
  ): Promise<T> {
    const { zoom } = this.#world;
    const isZoom = point.startsWith('zoom');
    // A killed function makes no further call. Its request to Zoom ends, so that it does not count as under way.
    if (environment.isDead && !isZoom) return new Promise(() => {});
    if (environment.isDead) throw new Error('killed');
    // A warm environment has cached these, so it makes no call.
    if (point === 'vault.app' || point === 'vault.key' || point === 'settings.read') return perform();
    this.#world.pass(this.#random() * (isZoom ? ZOOM_SECONDS : AWS_SECONDS));
    const service = serviceOf(point);
    const isDown = isWithin(this.#down[service], this.#world.time);
    if (isDown && !isZoom) throw new Error(`the ${service} is down`);
    if (isZoom) zoom.isDown = isDown;

    const fate = this.#fate();
    if (fate === 'failedCalls') throw broken('ECONNREFUSED');
    const isKilledBefore = this.#random() < 0.5;
    if (fate === 'kills' && isKilledBefore) die();
    if (environment.isDead) throw new Error('killed');
    const response = await perform();
    await note(point, response, environment, fate === 'lostResponses');
    if (fate === 'kills') die();
    if (environment.isDead) throw new Error('killed');
    if (fate === 'lostResponses') throw broken('ECONNRESET');
    return response;
  }

  #fate() {
    let drawn = this.#random();
    for (const fate of ['kills', 'failedCalls', 'lostResponses'] as const) {
      drawn -= this.#rates[fate];
      if (drawn >= 0) continue;
      this.#counts[fate] += 1;
      return fate;
    }
    return undefined;
  }
}

type Service = 'zoom' | 'store' | 'vault' | 'n8n';

function serviceOf(point: string): Service {
  const [service = ''] = point.split('.');
  return service === 'zoom' || service === 'vault' || service === 'n8n' ? service : 'store';
}

const broken = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
