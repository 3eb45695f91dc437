import { sweep } from '../../lambdas/tokens/sweep/sweep.ts';
import { cryptoInOrder } from '../support/world/crypto-in-order.ts';
import { FUNCTION_SECONDS, type Intercept, World } from '../support/world/world.ts';
import { BundledFleet } from './bundled-fleet.ts';
import { type Environment, Weather } from './environment.ts';
import { randomFrom } from './faults.ts';
import { Ledger, RecordedZoom } from './ledger.ts';
import { emptyReport, type Loss, type SimulationOptions, type SimulationReport } from './report.ts';

class RecordedWorld extends World {
  override readonly zoom = new RecordedZoom(() => this.time);
}

const MINUTE = 60;
const DAY = 86_400;
/** The longest back-off and the sweeps after it. */
const CATCH_UP_SECONDS = 8 * MINUTE;
const WAYS = [300, 30, 'push'] as const;

/** Simulates a fleet: the real domain on a fake clock, with Zoom, the table and the vault in memory. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const restore = cryptoInOrder();
  try {
    return await new Simulation(options).run();
  } finally {
    restore();
  }
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world = new RecordedWorld();
  readonly #ledger = new Ledger();
  readonly #report: SimulationReport;
  readonly #random: () => number;
  readonly #names: string[];
  readonly #weather: Weather;
  readonly #bundled: BundledFleet | undefined;
  /** When the user of a lost connection consents again. */
  readonly #consents = new Map<string, number>();
  /** How the last token pair that Zoom issued for a user reached a function. */
  readonly #lastPair = new Map<string, { at: number; to: Environment | undefined; isLost: boolean }>();
  /** The second environment is for a sweep that is delivered twice. */
  #environments: (Environment | undefined)[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#report = emptyReport(options);
    this.#random = randomFrom(options.seed);
    this.#names = Array.from({ length: options.connections }, (_, i) => `c${i}`);
    this.#weather = new Weather(options, this.#world, this.#random, this.#report.faults);
    this.#world.zoom.overlap = options.outlives;
    const { bundles } = this.#report;
    this.#bundled = bundles && new BundledFleet(this.#world, bundles, this.#names);
  }

  async run(): Promise<SimulationReport> {
    const { days, faults } = this.#options;
    const end = this.#world.time + days * DAY;
    let deployAt = this.#world.time + faults.deployEveryDays * DAY;
    for (const name of this.#names) this.#consents.set(name, this.#world.time);
    while (this.#world.time < end) {
      if (this.#world.time >= deployAt) {
        this.#environments = [];
        this.#report.faults.deployments += 1;
        deployAt += faults.deployEveryDays * DAY;
      }
      await this.#leave();
      await this.#consent();
      await this.#sweep();
      await this.#findLost();
      this.#forget();
      await this.#skip(Math.min(end, deployAt));
    }
    await this.#findSilentlyDead();
    this.#report.mostInFlight = this.#world.zoom.mostInFlight;
    this.#report.dead = WAYS.map((way) => {
      const outages = this.#weather.outages(way, CATCH_UP_SECONDS + (way === 'push' ? 0 : way));
      return this.#ledger.dead(way, end, outages);
    });
    return this.#report;
  }

  /** Moves the clock to the first minute in which a connection is due; sweeps before it would find nothing. */
  async #skip(latest: number): Promise<void> {
    const { store, time } = this.#world;
    const dues: number[] = [];
    for (const status of ['active', 'misconfigured'] as const) {
      const [first] = (await store.due(status, Infinity, { limit: 1 })).entries;
      if (first) dues.push((await this.#world.item(first.connection)).dueAt);
    }
    const next = Math.min(latest, ...dues, ...this.#consents.values());
    this.#world.time = Math.max(Math.floor(time / MINUTE) + 1, Math.ceil(next / MINUTE)) * MINUTE;
  }

  async #sweep(): Promise<void> {
    this.#report.sweeps += 1;
    const isTwice = this.#random() < this.#options.faults.duplicates;
    if (isTwice) this.#report.faults.duplicates += 1;
    await Promise.all((isTwice ? [0, 1] : [0]).map((index) => this.#invoke(index)));
  }

  async #invoke(index: number): Promise<void> {
    const environment = this.#environments[index] ?? this.#weather.open(this.#note);
    this.#environments[index] = environment;
    const deadline = this.#world.time + FUNCTION_SECONDS;
    // While the store is down a sweep fails at once. The scheduler starts the next one a minute later.
    const sweeping = sweep(environment.deps, { deadline }).then(
      () => {},
      () => {},
    );
    await Promise.race([sweeping, environment.killed]);
    if (environment.isDead) this.#environments[index] = undefined;
  }

  readonly #note = async (
    point: string,
    response: unknown,
    to: Environment | undefined,
    isLost: boolean,
  ): Promise<void> => {
    const { zoom, vault, time } = this.#world;
    if (point === 'zoom.token' && (response as Response).ok) {
      const { access_token: token } = (await (response as Response).clone().json()) as {
        access_token: string;
      };
      const user = userOf(token);
      zoom.issue(user, token);
      this.#lastPair.set(user, { at: time, to, isLost });
      if (to) this.#report.rotations += 1;
    }
    if (point === 'n8n.fetch' && (response as Response).ok) {
      for (const token of this.#world.n8n.taken.splice(0)) {
        this.#ledger.push(userOf(token), time, zoom.tokens.get(token));
      }
    }
    if (point === 'vault.publish') {
      for (const { connection: secret, value } of vault.history.splice(0)) {
        const tokens = this.#bundled?.tokensOf(secret, value) ?? [[secret, value] as const];
        for (const [connection, token] of tokens)
          this.#ledger.publish(connection, time, zoom.tokens.get(token));
      }
    }
  };

  /** Lets a member of each bundle leave, without a fault and only while nothing is down. Its user returns within hours. */
  async #leave(): Promise<void> {
    if (!this.#bundled || !this.#weather.isFair) return;
    this.#world.zoom.isDown = false;
    const deps = this.#world.operator({ intercept: this.#faultless });
    for (const connection of await this.#bundled.leave(deps)) {
      this.#ledger.lose(connection, this.#world.time);
      this.#consents.set(connection, this.#world.time + (1 + 4 * this.#random()) * 3600);
    }
  }

  readonly #faultless: Intercept = async (point, perform) => {
    const response = await perform();
    await this.#note(point, response, undefined, false);
    return response;
  };

  /** Lets users consent, without a fault and only while nothing is down. */
  async #consent(): Promise<void> {
    for (const [name, at] of [...this.#consents]) {
      const { time } = this.#world;
      if (at > time) continue;
      if (!this.#weather.isFair) {
        this.#consents.set(name, time + 3600);
        continue;
      }
      this.#world.zoom.isDown = false;
      const deps = this.#world.dependencies({ intercept: this.#faultless });
      await this.#world.connect(name, deps, name, false, this.#bundled?.placeOf(name));
      await this.#world.runStarted(deps);
      if (!(await this.#world.item(name)).targets) await this.#world.link(name, deps);
      this.#consents.delete(name);
      this.#ledger.regain(name, time);
      this.#world.pass(1);
    }
  }

  async #findLost(): Promise<void> {
    const { entries } = await this.#world.store.due('reconnect', Infinity, { limit: this.#names.length });
    for (const { connection } of entries) {
      if (this.#consents.has(connection)) continue;
      await this.#lose(connection);
      // The user takes some hours to react to the alert.
      this.#consents.set(connection, this.#world.time + (2 + 10 * this.#random()) * 3600);
    }
  }

  async #lose(connection: string): Promise<void> {
    this.#report.lost[await this.#why(connection)] += 1;
    this.#ledger.lose(connection, this.#lastPair.get(connection)?.at ?? this.#world.time);
  }

  async #why(connection: string): Promise<Loss> {
    const pair = this.#lastPair.get(connection);
    if (!pair || (await this.#isLiving(connection))) return 'avoidable';
    if (pair.isLost) return 'Zoom’s response was lost';
    if (pair.to?.isDead) return 'killed between the response and the commit';
    const wasDown = this.#weather.wasStoreDown(pair.at, pair.at + FUNCTION_SECONDS);
    return wasDown ? 'the store was down from the response to the deadline' : 'avoidable';
  }

  /** At the end, counts the losses that no sweep has noticed yet. */
  async #findSilentlyDead(): Promise<void> {
    for (const { connection, status } of await this.#world.store.list()) {
      const isConnected = status !== 'reconnect' && status !== 'disconnected';
      if (isConnected && !(await this.#isLiving(connection))) await this.#lose(connection);
    }
  }

  async #isLiving(connection: string): Promise<boolean> {
    const { refreshToken } = await this.#world.tokens(connection);
    return this.#world.zoom.isLiving(connection, refreshToken);
  }

  #forget(): void {
    this.#world.lines.length = 0;
    this.#world.zoom.secrets.clear();
    this.#world.n8n.requests.length = 0;
  }
}

const userOf = (token: string) => /^access-([^-]+)-/.exec(token)?.[1] ?? '';
