import { appNotDeployed } from '../tokens/app-not-deployed.ts';
import { type Clock, isWithin } from '../tokens/clock.ts';
import type { AppCredentials, ZoomApp } from '../tokens/vault.ts';
import { parseAppSecret, unusableSecret } from './app-secret.ts';
import type { SecretReader } from './secret-reader.ts';

/** How long a warm function uses credentials that it has read. Replaced ones take effect within this time. Seconds. */
const CACHE_SECONDS = 60;

/** How long the function reads no more for requests like one that was rejected. Seconds. */
const REJECTED_SECONDS = 10;

interface Entry {
  readAt: number;
  app: ZoomApp;
}

/** A request that the credentials did not fit, or that failed. */
interface Rejection {
  at: number;
  failure?: unknown;
}

/**
 * Returns the credentials of the apps.
 * @param secrets name or ARN of the secret of each app. No request follows for another app: strangers choose the names in
 * webhook addresses
 */
export function createAppCredentials(
  reader: SecretReader,
  secrets: ReadonlyMap<string, string>,
  now: Clock,
): AppCredentials {
  const entries = new Map<string, Entry>();
  const rejections = new Map<string, Rejection>();

  const cached = (app: string): ZoomApp | undefined => {
    const entry = entries.get(app);
    return isWithin(CACHE_SECONDS, entry?.readAt, now()) ? entry?.app : undefined;
  };

  const read = async (app: string): Promise<ZoomApp> => {
    const secretId = secrets.get(app);
    if (secretId === undefined) throw appNotDeployed(app, secrets.keys());
    entries.delete(app);
    const text = await reader.read(secretId, { fresh: true });
    if (text === undefined) throw unusableSecret(secretId, 'does not exist or has no value');
    const credentials = parseAppSecret(secretId, text);
    entries.set(app, { readAt: now(), app: credentials });
    return credentials;
  };

  return {
    app: async (app, { fresh } = { fresh: false }) => (fresh ? undefined : cached(app)) ?? read(app),

    async appThat(app, fits) {
      const known = cached(app);
      if (known && fits(known)) return known;
      if (!secrets.has(app)) throw appNotDeployed(app, secrets.keys());
      const rejection = rejections.get(app);
      if (rejection && isWithin(REJECTED_SECONDS, rejection.at, now())) {
        if ('failure' in rejection) throw rejection.failure;
        return undefined;
      }
      rejections.set(app, { at: now() });
      try {
        const credentials = await read(app);
        if (!fits(credentials)) return undefined;
        rejections.delete(app);
        return credentials;
      } catch (failure) {
        rejections.set(app, { at: now(), failure });
        throw failure;
      }
    },
  };
}
