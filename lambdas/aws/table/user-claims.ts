import type { Connection } from '../../tokens/connection.ts';
import type { UserClaims } from '../../tokens/store/user-claims.ts';
import type { Items } from './items.ts';

/** The connection that has a Zoom user, and until when it may be without a consent; epoch seconds. */
interface Claim {
  heldBy: string;
  claimedUntil?: number;
}

/** No connection's name holds a `#`. */
const userKey = (app: string, zoomUserId: string) => `user#${app}#${zoomUserId}`;

/** The claims of Zoom users: one item a user and app, beside the connections. */
export function createUserClaims({ get, update }: Pick<Items, 'get' | 'update'>): UserClaims {
  const claimOf = (key: string) => get(key) as Promise<Claim | undefined>;

  /** Returns the connection that has the user: connected as that user, or about to be by its first consent. */
  const holderIn = async (
    claim: Claim | undefined,
    app: string,
    zoomUserId: string,
    now: number,
  ): Promise<string | undefined> => {
    if (!claim) return undefined;
    const { heldBy, claimedUntil = 0 } = claim;
    const holder = (await get(heldBy)) as Connection | undefined;
    const isHeld = holder
      ? holder.zoomUserId === zoomUserId && holder.app === app && holder.status !== 'disconnected'
      : claimedUntil > now;
    return isHeld ? heldBy : undefined;
  };

  return {
    async claimUser(app, zoomUserId, connection, { now, until, from }) {
      const key = userKey(app, zoomUserId);
      const claim = await claimOf(key);
      const holder = await holderIn(claim, app, zoomUserId, now);
      if (holder !== undefined && holder !== connection && holder !== from) return holder;
      const claimed = await update(key, {
        set: 'SET #heldBy = :connection, #claimedUntil = :until',
        values: { connection, until, ...(claim && { before: claim.heldBy }) },
        condition: claim
          ? '#heldBy IN (:before, :connection)'
          : 'attribute_not_exists(#heldBy) OR #heldBy = :connection',
      });
      return claimed ? connection : String((await claimOf(key))?.heldBy);
    },

    claimant: async (app, zoomUserId) => (await claimOf(userKey(app, zoomUserId)))?.heldBy,

    holderOf: async (app, zoomUserId, now) =>
      holderIn(await claimOf(userKey(app, zoomUserId)), app, zoomUserId, now),
  };
}
