import type { ConsentClaim, ConsentEnd, ConsentRecords } from '../../tokens/store.ts';
import type { Items } from './items.ts';
import { ticketKey } from './redemptions.ts';

/** The attributes that this file adds to the item of a redeemed ticket. */
interface ConsentRecord {
  claim?: ConsentClaim;
  end?: ConsentEnd;
}

const HAS_NOT_ENDED = 'attribute_not_exists(#end)';
const IS_FREE_OR_MINE = '(attribute_not_exists(#claim) OR #claim.#owner = :owner)';

/** Stores the outcome of each link's consent: attributes of the item that says the link was used. */
export function createConsentRecords({ get, update }: Pick<Items, 'get' | 'update'>): ConsentRecords {
  return {
    async claimConsent(id, claim, keepUntil) {
      const item = await update(ticketKey(id), {
        set: 'SET #claim = :claim, #ttl = :keepUntil',
        values: { claim, keepUntil, owner: claim.owner },
        condition: `${HAS_NOT_ENDED} AND ${IS_FREE_OR_MINE}`,
      });
      return item !== undefined;
    },

    async releaseConsent(id, owner) {
      await update(ticketKey(id), {
        set: 'REMOVE #claim',
        values: { owner },
        condition: `${HAS_NOT_ENDED} AND #claim.#owner = :owner`,
      });
    },

    async endConsent(id, owner, end, keepUntil) {
      await update(ticketKey(id), {
        set: 'SET #end = :end, #ttl = :keepUntil',
        values: { end, keepUntil, owner },
        condition: `${HAS_NOT_ENDED} AND ${IS_FREE_OR_MINE}`,
      });
    },

    async consentRecord(id) {
      const { claim, end } = ((await get(ticketKey(id))) ?? {}) as ConsentRecord;
      return { ...(claim && { claim }), ...(end && { end }) };
    },
  };
}
