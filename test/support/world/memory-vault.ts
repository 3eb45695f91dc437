import type { Clock } from '../../../lambdas/tokens/clock.ts';
import type { Vault, ZoomApp } from '../../../lambdas/tokens/vault.ts';

const RECOVERY_SECONDS = 7 * 24 * 3600;

interface Published {
  value: string;
  versionId: string;
}

/** Secrets Manager in memory: the operator's secrets and the published tokens. */
export class MemoryVault {
  /** Values of the key secret, the current one first. */
  readonly keys = ['a key of the key secret, for tests'];
  readonly published = new Map<string, Published>();
  /** Every publication in order, without repetitions. */
  readonly history: (Published & { connection: string })[] = [];
  /** Published secrets that are scheduled for deletion. */
  readonly #unpublished = new Map<string, { published: Published; deletedAt: number }>();
  readonly #app: () => ZoomApp;

  readonly #now: Clock;

  constructor(app: () => ZoomApp, now: Clock) {
    this.#app = app;
    this.#now = now;
  }

  /** Creates the vault of one execution environment, which caches what it has read. */
  environment(): Vault {
    const remembered = new Map<string, ZoomApp | string | undefined>();
    const remember = <T extends ZoomApp | string | undefined>(
      key: string,
      fresh: boolean,
      read: () => T,
    ): T => {
      if (fresh || !remembered.has(key)) remembered.set(key, read());
      return remembered.get(key) as T;
    };
    return {
      app: async (app, options) => remember(`app/${app}`, options?.fresh ?? false, this.#app),
      key: async (stage, { fresh }) =>
        remember(`key/${stage}`, fresh, () => this.keys[stage === 'current' ? 0 : 1]),
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
