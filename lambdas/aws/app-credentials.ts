import type { Clock } from '../tokens/clock.ts';
import { Failure } from '../tokens/errors.ts';
import type { AppCredentials, ZoomApp } from '../tokens/vault.ts';
import { parseAppSecret, unusableSecret } from './app-secret.ts';
import type { SecretReader } from './secret-reader.ts';

/** How long a warm function uses credentials that it has read. Replaced ones take effect within this time. Seconds. */
const CACHE_SECONDS = 60;

/** Minimum seconds between two sparing reads of an app, because strangers cause them. */
const SPARING_SECONDS = 10;

interface Entry {
  readAt: number;
  app?: ZoomApp;
  /** Why a sparing read failed. */
  failure?: Failure;
  /** When the last sparing read was; epoch seconds. */
  sparedAt?: number | undefined;
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

  const read = async (secretId: string): Promise<ZoomApp> => {
    const text = await reader.read(secretId, { fresh: true });
    if (text === undefined) throw unusableSecret(secretId, 'does not exist or has no value');
    return parseAppSecret(secretId, text);
  };

  return {
    async app(app, { fresh } = { fresh: false }) {
      const secretId = secrets.get(app);
      if (secretId === undefined) throw notDeployed(app);
      const entry = entries.get(app);
      const isSpared = entry !== undefined && isWithin(SPARING_SECONDS, entry.sparedAt, now());
      if (isSpared && fresh !== true && entry.failure) throw entry.failure;
      const isUsable =
        fresh === 'sparingly' ? isSpared : !fresh && isWithin(CACHE_SECONDS, entry?.readAt, now());
      if (entry?.app && isUsable) return entry.app;
      const sparedAt = fresh === 'sparingly' ? now() : entry?.sparedAt;
      try {
        const credentials = await read(secretId);
        entries.set(app, { readAt: now(), app: credentials, sparedAt });
        return credentials;
      } catch (error) {
        // A failure is replayed only after a sparing read: the operator is about to correct it.
        if (fresh === 'sparingly' && error instanceof Failure) {
          entries.set(app, { readAt: now(), failure: error, sparedAt });
        } else entries.delete(app);
        throw error;
      }
    },
  };
}

/** Returns whether `since` is at most some seconds ago. A clock that was set back makes an entry old. */
const isWithin = (seconds: number, since: number | undefined, now: number): boolean =>
  since !== undefined && now >= since && now - since < seconds;

const notDeployed = (app: string): Failure =>
  new Failure(
    'misconfigured',
    'app_not_deployed',
    `The deployment has no Zoom app "${app}".`,
    `Add "${app}" to "apps" in the context of cdk.json, deploy (npx cdk deploy), and run: zoom-tokens setup ${app}`,
  );
