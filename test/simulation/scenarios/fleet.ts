import { createRateLimit } from '../../../lambdas/aws/write-rate-limit.ts';
import { createZoom } from '../../../lambdas/tokens/apis/zoom.ts';
import type { Connection } from '../../../lambdas/tokens/connection.ts';
import type { AppIncident, Push, SweepDependencies } from '../../../lambdas/tokens/dependencies.ts';
import { DEFAULT_MARGINS, rotateAt } from '../../../lambdas/tokens/schedule.ts';
import { open, seal } from '../../../lambdas/tokens/sealing/seal.ts';
import { type SweepReport, sweep } from '../../../lambdas/tokens/sweep/sweep.ts';
import type { ZoomApp } from '../../../lambdas/tokens/vault.ts';
import { createKeys } from '../../support/world/keys.ts';
import { MemoryRescue } from '../../support/world/memory-rescue.ts';
import { randomFrom } from '../faults.ts';
import { FleetStore } from './store.ts';
import { VirtualTime } from './virtual-time.ts';
import { FleetZoom } from './zoom.ts';

const MINUTE = 60;
const FUNCTION_SECONDS = 60;
/** Limits that the vault keeps to; see lambdas/aws/secrets-vault.ts. */
const WRITES_A_SECOND = 48;

/** Seconds that each kind of call takes. */
const LATENCY = { store: 0.006, zoom: 0.15, vault: 0.03, rescue: 0.05 };

interface Alert {
  kind: 'reconnect' | 'expired' | 'recovered' | 'incident';
  at: number;
  names: string[];
}

/** A fleet on a virtual clock: the real domain, with a table, a vault and a Zoom that take their time. */
export class Fleet {
  readonly time = new VirtualTime(Date.UTC(2030, 0, 1) / 1000);
  readonly zoom = new FleetZoom(() => this.time.now);
  readonly store = new FleetStore(() => this.time.now);
  readonly rescue = new MemoryRescue();
  readonly alerts: Alert[] = [];
  readonly incidents: AppIncident[] = [];
  /** Every publication: when, and until when Zoom accepts the token. */
  readonly published = new Map<string, { token: string; at: number }[]>();
  /** The credentials that the app secret holds. */
  credentials: ZoomApp = { clientId: 'client', clientSecret: 'secret', accountId: 'account' };
  /** Left out, nothing is pushed to n8n. */
  push: Push | undefined;
  /** Fails a call by its name, such as `vault.publish`. */
  failing: (point: string) => Error | undefined = () => undefined;
  readonly #random: () => number;
  #environment: SweepDependencies | undefined;
  /** Ends with the execution environment. */
  #life = { isOver: false };

  constructor(seed = 1) {
    this.#random = randomFrom(seed);
  }

  /** Connections that were connected at `consentedAt`, settled, and published. */
  async connect(names: string[], consentedAt: (index: number) => number, app = 'default'): Promise<void> {
    const deps = this.environment();
    const now = this.time.now;
    for (const [index, connection] of names.entries()) {
      this.time.now = consentedAt(index);
      const granted = this.zoom.connect(connection);
      const expiresAt = Math.floor(this.time.now) + granted.expires_in;
      const tokens = { accessToken: granted.access_token, refreshToken: granted.refresh_token, expiresAt };
      await this.#settle(connection, app, tokens, expiresAt, deps);
    }
    this.time.now = now;
  }

  async #settle(
    connection: string,
    app: string,
    tokens: { accessToken: string; refreshToken: string; expiresAt: number },
    expiresAt: number,
    deps: SweepDependencies,
  ): Promise<void> {
    const at = Math.floor(this.time.now);
    const consent = {
      ...{ connection, app, grantType: 'authorization_code' as const, expiresAt, consentedAt: at },
      ...{ consentId: connection, clientId: 'client', overlap: 'unknown' as const, zoomUserId: connection },
      sealedTokens: await seal(tokens, connection, await deps.sealingKey()),
    };
    await this.store.inner.commitConsent(consent, 0);
    const lease = { owner: 'setup', now: at, until: at + 1, early: true };
    const held = (await this.store.inner.lease(connection, lease)) as Connection;
    const settlement = { validUntil: expiresAt, dueAt: rotateAt(held, deps.margins) };
    await this.store.inner.settle(held, settlement);
    await this.store.index(connection);
    this.published.set(connection, [{ token: tokens.accessToken, at: this.time.now }]);
  }

  /** Makes a connection due at a time of one's own, as an earlier margin or a missed sweep does. */
  async makeDue(connection: string, dueAt: number): Promise<void> {
    const at = Math.floor(this.time.now);
    const lease = { owner: 'setup', now: at, until: at + 1, early: true };
    const held = (await this.store.inner.lease(connection, lease)) as Connection;
    await this.store.inner.settle(held, { validUntil: held.validUntil, dueAt });
    await this.store.index(connection);
  }

  /** Makes a connection a suspect that is due: Zoom has refused its refresh token once, five minutes ago. */
  async makeSuspect(connection: string): Promise<void> {
    const at = Math.floor(this.time.now);
    const lease = { owner: 'setup', now: at, until: at + 1, early: true };
    const held = (await this.store.inner.lease(connection, lease)) as Connection;
    const suspectSince = at - 5 * MINUTE;
    await this.store.inner.fail(held, {
      ...{ status: 'active', dueAt: at, validUntil: held.validUntil, failures: 1, refusals: 1 },
      ...{ failingSince: suspectSince, suspectSince },
      lastError: { class: 'retry', code: 'suspect', message: '', action: '', at: suspectSince },
    });
    await this.store.index(connection);
  }

  /** A Server-to-Server connection, as `connect` makes it. */
  async connectServer(connection: string, consentedAt: number): Promise<void> {
    const deps = this.environment();
    const tokens = { accessToken: `access.server.0`, expiresAt: consentedAt + 3600 };
    const at = this.time.now;
    this.time.now = consentedAt;
    await this.store.inner.commitConsent(
      {
        ...{ connection, app: 'default', grantType: 'account_credentials' as const },
        ...{ expiresAt: tokens.expiresAt, consentedAt, consentId: connection, overlap: 'yes' as const },
        sealedTokens: await seal(tokens, connection, await deps.sealingKey()),
      },
      0,
    );
    await this.makeDue(connection, consentedAt + 1800);
    this.time.now = at;
  }

  /** A sweep as the scheduler starts it: with a function's time. */
  async sweep(): Promise<SweepReport> {
    const deadline = Math.floor(this.time.now) + FUNCTION_SECONDS;
    const report = await this.time.run(() => sweep(this.environment(), { deadline }));
    return report;
  }

  /** A sweep that Lambda kills after so many seconds: none of its calls is made or returns any more. */
  async killedSweep(seconds: number): Promise<void> {
    const deadline = Math.floor(this.time.now) + FUNCTION_SECONDS;
    await this.time.run(() =>
      Promise.race([sweep(this.environment(), { deadline }), this.time.sleep(seconds)]),
    );
    this.#life.isOver = true;
    this.redeploy();
  }

  /** Sweeps every minute until `end`, epoch seconds. Minutes in which nothing is due are left out. */
  async sweepUntil(
    end: number,
    each: (report: SweepReport) => void | Promise<void> = () => {},
  ): Promise<void> {
    while (this.time.now < end) {
      const minute = Math.floor(this.time.now / MINUTE);
      await each(await this.sweep());
      const next = Math.min(end, Math.ceil(this.store.nextDue() / MINUTE) * MINUTE);
      this.time.now = Math.max(
        (minute + 1) * MINUTE,
        Math.min(next, this.time.now + 10 * MINUTE),
        this.time.now,
      );
      this.time.now = Math.ceil(this.time.now / MINUTE) * MINUTE;
    }
  }

  /** Replaces the execution environment, as a deployment does. */
  redeploy(): void {
    this.#environment = undefined;
  }

  /** Seconds between `from` and `to` in which n8n read a token of the connection that Zoom did not accept. */
  deadSeconds(
    connection: string,
    from: number,
    to: number,
    endOf = (token: string) => this.zoom.endOf(token),
  ): number {
    const publications = this.published.get(connection) ?? [];
    let dead = 0;
    for (const [index, { token, at }] of publications.entries()) {
      const until = Math.min(publications[index + 1]?.at ?? to, to);
      const start = Math.max(at, endOf(token), from);
      dead += Math.max(0, until - start);
    }
    return Math.round(dead);
  }

  async tokens(connection: string) {
    const item = (await this.store.inner.get(connection)) as Connection;
    return open(item.sealedTokens, connection, this.environment().openingKey);
  }

  environment(): SweepDependencies {
    this.#environment ??= this.#open();
    return this.#environment;
  }

  #open(): SweepDependencies {
    const now = () => Math.floor(this.time.now);
    const life = { isOver: false };
    this.#life = life;
    const turn = createRateLimit(WRITES_A_SECOND, {
      now: () => this.time.now * 1000,
      wait: (milliseconds) => this.time.sleep(milliseconds / 1000),
    });
    const call = async <T>(point: string, seconds: number, perform: () => Promise<T>): Promise<T> => {
      await this.time.sleep(seconds);
      if (life.isOver) return new Promise(() => {});
      const error = this.failing(point);
      if (error) throw error;
      return perform();
    };
    const vault: SweepDependencies['vault'] = {
      app: async () => ({ ...this.credentials }),
      appThat: async (_app, fits) => (fits(this.credentials) ? { ...this.credentials } : undefined),
      linkKey: async () => 'a link key, for scenarios',
      sealingSeed: async (stage) => (stage === 'current' ? 'a seed, for scenarios' : undefined),
      replaceKey: async () => {},
      published: async (connection) => this.published.get(connection)?.at(-1)?.token,
      unpublish: async () => undefined,
      publish: async (connection, token) => {
        await turn();
        await call('vault.publish', LATENCY.vault, async () => {
          this.published.set(connection, [
            ...(this.published.get(connection) ?? []),
            { token, at: this.time.now },
          ]);
        });
      },
    };
    const alert = (kind: Alert['kind']) => async (items: Connection[]) => {
      this.alerts.push({ kind, at: this.time.now, names: items.map(({ connection }) => connection) });
    };
    return {
      now,
      elapsed: () => this.time.now * 1000,
      random: this.#random,
      wait: (milliseconds) => this.time.sleep(milliseconds / 1000),
      rescue: {
        put: (key, tokens) => call('rescue.put', LATENCY.rescue, () => this.rescue.put(key, tokens)),
        get: (key) => call('rescue.get', LATENCY.rescue, () => this.rescue.get(key)),
        list: (after) => call('rescue.list', LATENCY.rescue, () => this.rescue.list(after)),
        remove: (key) => call('rescue.remove', LATENCY.rescue, () => this.rescue.remove(key)),
      },
      store: this.store.over((point, perform) => call(`store.${point}`, LATENCY.store, perform)),
      vault,
      alerts: {
        reconnectNeeded: alert('reconnect'),
        tokensExpired: alert('expired'),
        recovered: alert('recovered'),
        incidentAssumed: async (incident) => {
          this.incidents.push(incident);
          this.alerts.push({ kind: 'incident', at: this.time.now, names: [incident.app] });
        },
      },
      zoom: createZoom({
        oauthUrl: 'https://zoom.us',
        apiUrl: 'https://api.zoom.us',
        redirectUri: 'https://api.example/callback',
        fetch: async (url, request) => {
          await this.time.sleep(LATENCY.zoom / 2);
          const error = this.failing('zoom.token');
          if (error) throw error;
          const response = await this.zoom.fetch(url, request);
          await this.time.sleep(LATENCY.zoom / 2);
          return life.isOver ? new Promise(() => {}) : response;
        },
        now,
      }),
      ...createKeys(vault, now),
      push: this.push,
      margins: DEFAULT_MARGINS,
      linkSeconds: 1800,
      consentSeconds: 600,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    };
  }
}
