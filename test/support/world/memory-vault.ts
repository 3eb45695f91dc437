import type { Clock } from '../../../lambdas/tokens/clock.ts';
import { Failure } from '../../../lambdas/tokens/errors.ts';
import type { Vault, ZoomApp } from '../../../lambdas/tokens/vault.ts';

const QUOTA_VERSIONS = 100;
const QUOTA_SECONDS = 24 * 3600;
const RECOVERY_SECONDS = 7 * 24 * 3600;
/** As the functions' vault caches an app's credentials. */
const APP_CACHE_SECONDS = 60;

interface Published {
  value: string;
  versionId: string;
}

/** Secrets Manager in memory: the operator's secrets and the published tokens. */
export class MemoryVault {
  /** Values of the sealing key's secret, the current one first. */
  readonly seeds = ['a seed of the sealing key, for tests'];
  /** The value of the link key's secret. */
  linkKey = 'a link key, for tests';
  readonly published = new Map<string, Published>();
  /** Every publication in order, without repetitions. */
  readonly history: (Published & { connection: string })[] = [];
  /** Published secrets that are scheduled for deletion. */
  readonly #unpublished = new Map<string, { published: Published; deletedAt: number }>();
  /** Number of publications that the quota of versions refused. */
  refused = 0;
  /** When each version was made, epoch seconds. */
  readonly #versions = new Map<string, number[]>();
  readonly #app: (name: string) => ZoomApp;

  readonly #now: Clock;

  constructor(app: (name: string) => ZoomApp, now: Clock) {
    this.#app = app;
    this.#now = now;
  }

  /** Refuses the 101st version in 24 hours, as Secrets Manager does. */
  #countVersion(connection: string): void {
    const now = this.#now();
    const recent = (this.#versions.get(connection) ?? []).filter((at) => now - at < QUOTA_SECONDS);
    if (recent.length >= QUOTA_VERSIONS) {
      this.refused += 1;
      throw new Failure('retry', 'version_quota', 'no room for another version', 'Wait.');
    }
    this.#versions.set(connection, [...recent, now]);
  }

  /** Creates the vault of one execution environment, which caches what it has read. */
  environment(): Vault {
    const remembered = new Map<string, ZoomApp | undefined>();
    let appReadAt = Number.NEGATIVE_INFINITY;
    const remember = <T extends ZoomApp | undefined>(key: string, fresh: boolean, read: () => T): T => {
      if (fresh || !remembered.has(key)) remembered.set(key, read());
      return remembered.get(key) as T;
    };
    return {
      app: async (app, options) => {
        const isFresh = options?.fresh || this.#now() - appReadAt >= APP_CACHE_SECONDS;
        if (isFresh) appReadAt = this.#now();
        return remember(`app/${app}`, Boolean(isFresh), () => this.#app(app));
      },
      appThat: async (app, fits) => (fits(this.#app(app)) ? this.#app(app) : undefined),
      linkKey: async () => this.linkKey,
      sealingSeed: async (stage) => this.seeds[stage === 'current' ? 0 : 1],
      replaceKey: async (key, text) => {
        if (key === 'link key') this.linkKey = text;
        // The one before the previous one is lost.
        else this.seeds.splice(0, this.seeds.length, text, ...this.seeds.slice(0, 1));
      },
      published: async (connection) => this.published.get(connection)?.value,
      publish: async (connection, value, versionId) => {
        const scheduled = this.#unpublished.get(connection);
        if (scheduled) this.published.set(connection, scheduled.published);
        this.#unpublished.delete(connection);
        const known = this.history.find(
          (each) => each.connection === connection && each.versionId === versionId,
        );
        if (known?.value === value) return;
        if (known) throw new Error('this version exists with another value');
        this.#countVersion(connection);
        this.published.set(connection, { value, versionId });
        this.history.push({ connection, value, versionId });
      },
      unpublish: async (connection, { force }) => {
        const scheduled = this.#unpublished.get(connection);
        const published = this.published.get(connection) ?? scheduled?.published;
        this.published.delete(connection);
        this.#unpublished.delete(connection);
        if (force || !published) return force ? this.#now() : undefined;
        const deletedAt = scheduled?.deletedAt ?? this.#now() + RECOVERY_SECONDS;
        this.#unpublished.set(connection, { published, deletedAt });
        return deletedAt;
      },
    };
  }
}
