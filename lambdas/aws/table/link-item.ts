import { TABLE } from '../../contract.ts';
import type { StoredLink } from '../../tokens/store/links.ts';

/** Key of a link; no connection's name holds a `#`. */
export const LINK_PREFIX = 'link#';
export const linkKey = (id: string): string => `${LINK_PREFIX}${id}`;

/** Returns the link in an item; `undefined` for a lack of one. */
export function toStoredLink(id: string, item: Record<string, unknown> | undefined): StoredLink | undefined {
  if (item?.expiresAt === undefined) return undefined;
  const {
    [TABLE.partitionKey]: _key,
    status: _status,
    dueAt: _dueAt,
    ttl: _ttl,
    usedBy: _usedBy,
    schemaVersion: _schemaVersion,
    forConnection,
    ...stored
  } = item;
  return { ...stored, id, connection: forConnection } as unknown as StoredLink;
}
