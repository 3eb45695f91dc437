import { createN8n } from '../../../lambdas/tokens/apis/n8n.ts';
import { createZoom } from '../../../lambdas/tokens/apis/zoom.ts';
import { createLink } from '../../../lambdas/tokens/consent/create-link.ts';
import { finishConsent } from '../../../lambdas/tokens/consent/finish-consent.ts';
import { CONSENT_SECONDS, LINK_SECONDS } from '../../../lambdas/tokens/consent/link-life.ts';
import { sealPendingConsent } from '../../../lambdas/tokens/consent/pending-consent.ts';
import type {
  Alerts,
  AppIncident,
  CallbackDependencies,
  Log,
  SweepDependencies,
} from '../../../lambdas/tokens/dependencies.ts';
import { bundleOf, type Place, placeOf } from '../../../lambdas/tokens/publication/place.ts';
import { createInstanceShare } from '../../../lambdas/tokens/push/instance-share.ts';
import { linkN8n } from '../../../lambdas/tokens/push/link-n8n.ts';
import { DEFAULT_MARGINS } from '../../../lambdas/tokens/schedule.ts';
import type { PublishedKey } from '../../../lambdas/tokens/sealing/published-key.ts';
import { open } from '../../../lambdas/tokens/sealing/seal.ts';
import { deriveSealingPair } from '../../../lambdas/tokens/sealing/sealing-pair.ts';
import { runStarted } from '../../../lambdas/tokens/start/run-started.ts';
import type { Starter, StartRequest } from '../../../lambdas/tokens/start/start-request.ts';
import { WEBHOOK_SECRET } from '../zoom-event.ts';
import { asCallback, createKeys } from './keys.ts';
import { MemoryRescue } from './memory-rescue.ts';
import { MemorySettings } from './memory-settings.ts';
import { MemoryStore } from './memory-store.ts';
import { MemoryVault } from './memory-vault.ts';
import { N8nModel } from './n8n-model.ts';
import { callName, SERVER_APP, ZoomModel } from './zoom-model.ts';

/** Is called instead of each call that leaves the domain, and may make it. `point` names it: `store.lease`, `zoom.token`. */
export type Intercept = <T>(point: string, call: () => Promise<T>) => Promise<T>;

export interface FunctionOptions {
  /** Seconds by which this function's clock differs from Zoom's. */
  skew?: number;
  intercept?: Intercept;
  random?: () => number;
}

/** How long a function may run; `deadline` is computed from it. */
export const FUNCTION_SECONDS = 60;

/** One installation with its Zoom and n8n in memory, on a clock that only `pass` moves. */
export class World {
  /** Epoch seconds. */
  time = Date.UTC(2030, 0, 1) / 1000;
  readonly zoom = new ZoomModel(() => Math.floor(this.time));
  readonly store = new MemoryStore();
  readonly rescue = new MemoryRescue();
  readonly n8n = new N8nModel();
  readonly settings = new MemorySettings();
  readonly vault = new MemoryVault(
    (app) => ({
      clientId: this.zoom.clientId,
      clientSecret: this.appSecret,
      ...(app === SERVER_APP && { accountId: this.zoom.accountId }),
      webhookSecret: WEBHOOK_SECRET,
      ...(this.hasOtherApp && this.zoom.otherApp),
    }),
    () => Math.floor(this.time),
  );
  /** The client secret as the operator has written it into the app secret. */
  appSecret = this.zoom.clientSecret;
  /** Whether the operator has written another app's credentials into the app secret. */
  hasOtherApp = false;
  /** Each alert, as the names of its connections. */
  readonly alerts: string[][] = [];
  /** The connections of whose expired token people were alerted, and of which they were told that they are well. */
  readonly expiries: string[][] = [];
  readonly recoveries: string[][] = [];
  readonly incidents: AppIncident[] = [];
  /** The starts of the rotate function; `runStarted` delivers them. */
  readonly started: StartRequest[] = [];
  readonly lines: { level: string; message: string; details: Record<string, unknown> }[] = [];

  /** Waits beside other work, and when they end; epoch seconds. */
  readonly #timers = new Set<{ at: number; end: () => void }>();

  readonly #log: Log = {
    info: (message, details) => void this.lines.push({ level: 'info', message, details }),
    warn: (message, details) => void this.lines.push({ level: 'warn', message, details }),
    error: (message, details) => void this.lines.push({ level: 'error', message, details }),
  };

  /** Creates a function's dependencies, as a new execution environment does. */
  dependencies({
    skew = 0,
    intercept = (_, call) => call(),
    random = () => 0.5,
  }: FunctionOptions = {}): SweepDependencies {
    const now = () => Math.floor(this.time + skew);
    const vault = intercepted(this.vault.environment(), 'vault', intercept);
    const { fetch } = this.zoom;
    return {
      now,
      elapsed: () => this.time * 1000,
      random,
      wait: async (milliseconds, signal) => {
        // A wait beside other work takes no time by itself: it ends only when that work takes as long by this clock.
        if (signal) await this.#until(this.time + milliseconds / 1000);
        else this.pass(milliseconds / 1000);
      },
      store: intercepted<SweepDependencies['store']>(this.store, 'store', intercept),
      starter: intercepted<Starter>(
        { start: async (request) => void this.started.push(request) },
        'starter',
        intercept,
      ),
      rescue: intercepted<NonNullable<SweepDependencies['rescue']>>(this.rescue, 'rescue', intercept),
      vault,
      alerts: intercepted<Alerts>(
        {
          reconnectNeeded: async (items) => void this.alerts.push(namesOf(items)),
          tokensExpired: async (items) => void this.expiries.push(namesOf(items)),
          recovered: async (items) => void this.recoveries.push(namesOf(items)),
          incidentAssumed: async (incident) => void this.incidents.push(incident),
        },
        'alerts',
        intercept,
      ),
      zoom: createZoom({
        oauthUrl: 'https://zoom.us',
        apiUrl: 'https://api.zoom.us',
        redirectUri: 'https://api.example/callback',
        fetch: async (input, init) => {
          const leave = this.zoom.enter(String(init?.body));
          try {
            return await intercept(callName(input), () => fetch(input, init));
          } finally {
            leave();
          }
        },
        now,
        warn: (message) => this.#log.warn(message, {}),
      }),
      ...createKeys(vault, now),
      push: {
        settings: intercepted(this.settings, 'settings', intercept),
        n8n: createN8n((input, init) => intercept('n8n.fetch', () => this.n8n.fetch(input, init))),
        urls: ['https://n8n.example.com'],
        pauses: new Map(),
        shares: createInstanceShare(),
      },
      margins: DEFAULT_MARGINS,
      linkSeconds: LINK_SECONDS,
      consentSeconds: CONSENT_SECONDS,
      log: this.#log,
    };
  }

  /** Returns the dependencies as the callback function has them, with the public half of the present sealing key. */
  asCallback(deps: SweepDependencies): CallbackDependencies {
    return asCallback(deps, this.publishedKey);
  }

  /** The public half of the sealing key, as the rotate function has published it. */
  readonly publishedKey: Pick<PublishedKey, 'read'> = {
    read: async () => (await deriveSealingPair(this.vault.seeds[0] ?? '')).publicKey,
  };

  pass(seconds: number): void {
    this.time += seconds;
    for (const timer of this.#timers) if (timer.at <= this.time && this.#timers.delete(timer)) timer.end();
  }

  #until(at: number): Promise<void> {
    return new Promise((end) => void this.#timers.add({ at, end }));
  }

  get deadline(): number {
    return this.time + FUNCTION_SECONDS;
  }

  /** Consents at Zoom as `user` and finishes at the callback, as a browser does. */
  async connect(
    connection: string,
    deps = this.dependencies(),
    user = connection,
    replaceUser = false,
    place?: Place,
  ) {
    const state = 'state';
    const link = await this.usedLink(connection, replaceUser, place);
    const cookie = await sealPendingConsent(
      { link, state, codeVerifier: 'v'.repeat(43) },
      deps.now() + deps.consentSeconds,
      deps,
    );
    const parameters = new URLSearchParams({ code: this.zoom.consent(user), state });
    const callback = this.asCallback(deps);
    const finished = await finishConsent({ parameters, cookie }, callback, { deadline: this.deadline });
    if ('repeated' in finished) throw new Error(`a first callback is ${finished.repeated}`);
    return finished;
  }

  /** Runs the rotate function for each request with which it was started, in order, and forgets them. */
  async runStarted(deps = this.dependencies()): Promise<void> {
    for (const request of this.started.splice(0))
      await runStarted(request, deps, { deadline: this.deadline });
  }

  /** Stores a link with which a browser has gone to Zoom. Returns its id. */
  async usedLink(connection: string, replaceUser = false, place?: Place): Promise<string> {
    const deps = this.dependencies();
    const request = { connection, app: 'default', replaceUser, place };
    const { id } = await createLink(request, deps, 'https://api.example');
    await deps.store.redeemLink(id, deps.now(), deps.now() + deps.consentSeconds);
    return id;
  }

  /** Creates the dependencies of the operator function, which starts no other one. */
  operator(options: FunctionOptions = {}): SweepDependencies {
    return { ...this.dependencies(options), starter: undefined };
  }

  /** Connects new members of a bundle, one after the other. */
  async connectTo(bundle: string, ...connections: string[]) {
    const finished = [];
    for (const connection of connections)
      finished.push(await this.connect(connection, undefined, undefined, undefined, placeOf(bundle)));
    await this.runStarted();
    return finished;
  }

  /** Links the connection to n8n, as the operator does. */
  async link(connection: string, deps = this.dependencies()) {
    const n8n = { instance: 'office', url: 'https://n8n.example.com', apiKey: this.n8n.apiKey };
    return linkN8n({ connection, ...n8n }, deps, { deadline: this.deadline });
  }

  /** Returns the token that a workflow's Zoom node sends, where the connection is linked. */
  async pushed(connection: string): Promise<unknown> {
    return this.n8n.token((await this.item(connection)).targets?.[0]?.credentialId);
  }

  /** Returns the stored item. Throws when there is none. */
  async item(connection: string) {
    const item = await this.store.get(connection);
    if (!item) throw new Error(`no item "${connection}"`);
    return item;
  }

  /** Tokens that were opened, by what was stored and the keys. */
  readonly #opened = new Map<string, ReturnType<typeof open>>();

  /** Returns the stored tokens, opened. */
  async tokens(connection: string) {
    const { sealedTokens } = await this.item(connection);
    const what = JSON.stringify([connection, sealedTokens, this.vault.seeds]);
    const { openingKey } = createKeys(this.vault.environment(), () => this.time);
    const opened = this.#opened.get(what) ?? open(sealedTokens, connection, openingKey);
    this.#opened.set(what, opened);
    return opened;
  }

  /** Returns the tokens that n8n reads in a bundle's secret, by connection; `undefined` without a secret. */
  bundle(name: string): Record<string, string> | undefined {
    const value = this.vault.published.get(placeOf(name))?.value;
    return value === undefined ? undefined : JSON.parse(value);
  }

  /** Returns the published token, which n8n reads in a secret of its own, else in a bundle. */
  published(connection: string): string | undefined {
    const own = this.vault.published.get(connection)?.value;
    if (own !== undefined) return own;
    const bundles = [...this.vault.published.keys()].flatMap((name) => bundleOf(name as Place) ?? []);
    return bundles.map((name) => this.bundle(name)?.[connection]).find((token) => token !== undefined);
  }
}

const namesOf = (items: { connection: string }[]) => items.map(({ connection }) => connection).sort();

/** Returns the port with each method intercepted. It is a proxy, so that a new method cannot be forgotten. */
function intercepted<T extends object>(port: T, name: string, intercept: Intercept): T {
  return new Proxy(port, {
    get(target, property) {
      const member = target[property as keyof T];
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) =>
        intercept(`${name}.${String(property)}`, () => member.apply(target, args));
    },
  });
}
