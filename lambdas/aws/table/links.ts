import { randomUUID } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { TABLE } from '../../contract.ts';
import type { Links } from '../../tokens/store/links.ts';
import type { Cursor } from '../../tokens/store/pages.ts';
import { assignments } from './expressions.ts';
import { SCHEMA_VERSION } from './item-schema.ts';
import type { Items } from './items.ts';
import { LINK_PREFIX, linkKey, toStoredLink } from './link-item.ts';

/**
 * Partition of the index `due` that holds the open links, sorted by the end of their wait. A link leaves it when its
 * consent ends.
 */
const OPEN = 'link';

const EXISTS = 'attribute_exists(#expiresAt)';
const HAS_NOT_ENDED = 'attribute_not_exists(#end)';
const IS_FREE_OR_MINE = '(attribute_not_exists(#claim) OR #claim.#owner = :owner)';

/** The links: one item each, which holds the outcome too. DynamoDB deletes it by its time to live. */
export function createLinks({ get, update, query }: Pick<Items, 'get' | 'update' | 'query'>): Links {
  const link = async (id: string) => toStoredLink(id, await get(linkKey(id)));

  return {
    link,

    async createLink({ id, connection, ...created }, keepUntil) {
      const values = { ...created, forConnection: connection, schemaVersion: SCHEMA_VERSION, ttl: keepUntil };
      await update(linkKey(id), {
        set: `SET #status = :open, #dueAt = :expiresAt, ${assignments(values)}`,
        values: { ...values, open: OPEN },
      });
    },

    async redeemLink(id, usedAt, until) {
      const item = await update(linkKey(id), {
        set: 'SET #usedAt = :usedAt, #usedBy = :usedBy, #dueAt = :until',
        // The SDK repeats a request whose response was lost. This mark distinguishes the repetition from another use.
        values: { usedAt, until, usedBy: randomUUID() },
        condition: `${EXISTS} AND ${HAS_NOT_ENDED} AND (attribute_not_exists(#usedBy) OR #usedBy = :usedBy)`,
      });
      return item !== undefined;
    },

    async claimConsent(id, claim) {
      const item = await update(linkKey(id), {
        set: 'SET #claim = :claim',
        values: { claim, owner: claim.owner },
        condition: `${EXISTS} AND ${HAS_NOT_ENDED} AND ${IS_FREE_OR_MINE}`,
      });
      return item !== undefined;
    },

    async releaseConsent(id, owner) {
      await update(linkKey(id), {
        set: 'REMOVE #claim',
        values: { owner },
        condition: `${HAS_NOT_ENDED} AND #claim.#owner = :owner`,
      });
    },

    async endConsent(id, owner, end) {
      const item = await update(linkKey(id), {
        set: 'SET #end = :end REMOVE #status, #dueAt',
        values: { end, owner },
        condition: `${EXISTS} AND ${HAS_NOT_ENDED} AND ${IS_FREE_OR_MINE}`,
      });
      return item && String(item.forConnection);
    },

    async openLinks(now, { limit, after }) {
      const condition = '#status = :open AND #dueAt > :now';
      const { Items = [], LastEvaluatedKey } = await query(
        'due',
        condition,
        { open: OPEN, now },
        {
          Limit: limit,
          ...(after && { ExclusiveStartKey: after as Record<string, AttributeValue> }),
        },
      );
      const ids = Items.map((item) => String(unmarshall(item)[TABLE.partitionKey]).slice(LINK_PREFIX.length));
      const links = await Promise.all(ids.map(link));
      return {
        links: links.filter((each) => each !== undefined),
        ...(LastEvaluatedKey && { next: LastEvaluatedKey as Cursor }),
      };
    },
  };
}
