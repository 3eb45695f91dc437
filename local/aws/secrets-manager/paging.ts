import { createHash } from 'node:crypto';
import { ServiceError } from './errors.ts';

interface PageRequest {
  MaxResults?: number | undefined;
  NextToken?: string | undefined;
}

/**
 * Returns the page that a request asks for. A token is valid for the query that it came from, whatever its MaxResults.
 * @throws {ServiceError} InvalidNextTokenException for a token of another query
 */
export function page<Item, Paged extends PageRequest>(
  items: readonly Item[],
  request: Paged,
  defaultSize: number,
) {
  const { MaxResults = defaultSize, NextToken, ...query } = request;
  const fingerprint = createHash('sha256').update(JSON.stringify(query)).digest('base64url');
  const start = NextToken === undefined ? 0 : offsetIn(NextToken, fingerprint);
  const end = start + MaxResults;
  return {
    items: items.slice(start, end),
    NextToken: end < items.length ? Buffer.from(`${fingerprint}.${end}`).toString('base64url') : undefined,
  };
}

function offsetIn(token: string, fingerprint: string): number {
  const [owner, offset] = Buffer.from(token, 'base64url').toString().split('.');
  if (owner !== fingerprint || !/^\d{1,9}$/.test(offset ?? '')) {
    throw new ServiceError('InvalidNextTokenException', 'The NextToken value is invalid.');
  }
  return Number(offset);
}
