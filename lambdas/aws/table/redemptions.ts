import { randomUUID } from 'node:crypto';
import type { Redemptions } from '../../tokens/store.ts';
import type { Items } from './items.ts';

/** Key of a one-time id; no connection's name holds a `#`. */
export const ticketKey = (id: string) => `ticket#${id}`;

/** The one-time ids that were used; DynamoDB deletes them by their time to live. */
export function createRedemptions({ update }: Pick<Items, 'update'>): Redemptions {
  return {
    async redeem(id, until) {
      const item = await update(ticketKey(id), {
        set: 'SET #ttl = :until, #usedBy = :usedBy',
        // The SDK repeats a request whose response was lost. This mark distinguishes the repetition from another use.
        values: { until, usedBy: randomUUID() },
        condition: 'attribute_not_exists(#ttl) OR #usedBy = :usedBy',
      });
      return item !== undefined;
    },
  };
}
