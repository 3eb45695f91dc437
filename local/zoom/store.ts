import { type Adapter, type AdapterFactory, type AdapterPayload, errors } from 'oidc-provider';
import type { Clock } from '../../lambdas/tokens/clock.ts';

interface Entry {
  payload: AdapterPayload;
  expiresAt: number;
}

export interface Store {
  adapter: AdapterFactory;
  /** Ends every access and refresh token of a grant but these. */
  keepOnly(grantId: string, tokens: string[]): void;
  /** Ends every refresh token of a grant. Answers whether there was one. */
  endRefreshTokens(grantId: string): boolean;
}

// A person reads the consent page in real time, however fast the injected clock runs.
const wallClock: Clock = () => Math.floor(Date.now() / 1000);

/** What the authorization server remembers, in memory. Tokens and codes expire by `now`. */
export function openStore(now: Clock): Store {
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
    adapter: (model) =>
      adapterFor(model, entriesOf(model), model === 'Interaction' ? wallClock : now, forgetGrant),
    keepOnly(grantId, tokens) {
      forgetGrant('AccessToken', grantId, tokens);
      forgetGrant('RefreshToken', grantId, tokens);
    },
    endRefreshTokens(grantId) {
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
      // A model's entries live equally long, so the first that is alive ends the search.
      for (const [oldId, { expiresAt }] of entries) {
        if (expiresAt > now()) break;
        entries.delete(oldId);
      }
      // There is one grant for each user and app; it does not expire, its tokens do.
      const expiresAt = model === 'Grant' || expiresIn === undefined ? Infinity : now() + expiresIn;
      // oidc-provider compares `exp` with the real clock. Without it, the clock here alone decides.
      const { exp, ...rest } = payload;
      entries.set(id, { payload: model === 'Interaction' ? payload : rest, expiresAt });
    },
    async find(id) {
      const entry = entries.get(id);
      return entry && entry.expiresAt > now() ? entry.payload : undefined;
    },
    // Only one of two requests can take a code or refresh token out. A later use finds nothing, so it
    // is refused without ending the newer tokens, which oidc-provider would do for a consumed entry.
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
