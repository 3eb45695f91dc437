import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../../lambdas/tokens/clock.ts';

interface Entry {
  payload: AdapterPayload;
  expiresAt: number;
}

export interface Store {
  adapter: AdapterFactory;
  /** Revokes every access and refresh token of a grant except the given ones. */
  keepOnly(grantId: string, tokens: string[]): void;
  /** Revokes every refresh token of a grant. Returns whether there was one. */
  revokeRefreshTokens(grantId: string): boolean;
}

// A person reads the consent page in real time, however fast the injected clock runs.
const wallClock: Clock = () => Math.floor(Date.now() / 1000);

/**
 * Creates the authorization server's store, in memory. Tokens and codes expire by `now`.
 * @param refusesRefreshTokens while it returns true, no refresh token is found; none is lost
 */
export function openStore(now: Clock, refusesRefreshTokens: () => boolean): Store {
  const models = new Map<string, Map<string, Entry>>();

  const entriesOf = (model: string) => {
    const entries = models.get(model) ?? new Map<string, Entry>();
    models.set(model, entries);
    return entries;
  };

  const forgetGrant = (model: string, grantId: string, keep: string[] = []) => {
    for (const [id, { payload }] of entriesOf(model)) {
      if (payload.grantId === grantId && !keep.includes(id)) entriesOf(model).delete(id);
    }
  };

  return {
    adapter: (model) => {
      const clock = model === 'Interaction' ? wallClock : now;
      const adapter = adapterFor(model, entriesOf(model), clock, forgetGrant);
      if (model !== 'RefreshToken') return adapter;
      return { ...adapter, find: async (id) => (refusesRefreshTokens() ? undefined : adapter.find(id)) };
    },
    keepOnly(grantId, tokens) {
      forgetGrant('AccessToken', grantId, tokens);
      forgetGrant('RefreshToken', grantId, tokens);
    },
    revokeRefreshTokens(grantId) {
      const before = entriesOf('RefreshToken').size;
      forgetGrant('RefreshToken', grantId);
      return entriesOf('RefreshToken').size < before;
    },
  };
}

function adapterFor(
  model: string,
  entries: Map<string, Entry>,
  now: Clock,
  forgetGrant: (model: string, grantId: string) => void,
): Adapter {
  return {
    async upsert(id, payload, expiresIn) {
      // Zoom's consent page asks every time, so no login is remembered.
      if (model === 'Session') return;
      // All entries of a model have the same lifetime, so the search stops at the first that has not expired.
      for (const [oldId, { expiresAt }] of entries) {
        if (expiresAt > now()) break;
        entries.delete(oldId);
      }
      // A user has one grant for each app. The grant does not expire, its tokens do.
      const expiresAt = model === 'Grant' || expiresIn === undefined ? Infinity : now() + expiresIn;
      // oidc-provider compares `exp` with the real clock. Without `exp`, only `now` decides.
      const { exp, ...rest } = payload;
      entries.set(id, { payload: model === 'Interaction' ? payload : rest, expiresAt });
    },
    async find(id) {
      const entry = entries.get(id);
      return entry && entry.expiresAt > now() ? entry.payload : undefined;
    },
    // Of two concurrent requests with one code or refresh token, one gets it. A later use finds nothing and is refused.
    // oidc-provider would also revoke the newer tokens if the entry were kept as consumed. Zoom does not.
    async consume(id) {
      if (!entries.delete(id)) throw new errors.InvalidGrant('already used');
    },
    async destroy(id) {
      entries.delete(id);
    },
    async revokeByGrantId(grantId) {
      forgetGrant(model, grantId);
    },
    async findByUid() {},
    async findByUserCode() {},
  };
}
