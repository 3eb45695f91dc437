import { createHash } from 'node:crypto';
import type { Connection } from '../connection.ts';
import { nameOrder } from '../name-order.ts';

/** A token is taken to be this long until a bundle has seen one; bytes. */
export const USUAL_TOKEN_BYTES = 900;

/** The token of one member, and what identifies it. */
export type MemberToken = Pick<Connection, 'connection' | 'generation' | 'version' | 'rotatedAt'> & {
  accessToken: string;
  /** Since when it is a member, epoch seconds. */
  since: number;
};

/** The value that a bundle's secret gets next. */
export interface Content {
  /** `{"<connection>": "<access token>"}`, sorted, and nothing else. */
  value: string;
  /** Names what is in it, without telling it. */
  id: string;
  members: MemberToken[];
  /** Members that do not fit any more, the newest ones. */
  excess: MemberToken[];
}

/** Returns the bytes that a field takes, with its comma. */
export const fieldBytes = (connection: string, accessToken: string): number =>
  Buffer.byteLength(JSON.stringify(connection)) + Buffer.byteLength(JSON.stringify(accessToken)) + 2;

/** Returns the bytes that a member with a token of so many bytes takes. */
export const bytesFor = (connection: string, tokenBytes: number): number =>
  fieldBytes(connection, '') + tokenBytes;

/** Computes the content from its members' tokens. The oldest members come first where not all of them fit. */
export function contentOf(tokens: readonly MemberToken[], mostBytes: number): Content {
  const members: MemberToken[] = [];
  const excess: MemberToken[] = [];
  // The braces, less the comma that the last field has not.
  let bytes = 1;
  for (const token of [...tokens].sort((a, b) => a.since - b.since || byName(a, b))) {
    const size = fieldBytes(token.connection, token.accessToken);
    const isFitting = excess.length === 0 && bytes + size <= mostBytes;
    if (isFitting) bytes += size;
    (isFitting ? members : excess).push(token);
  }
  members.sort(byName);
  const value = JSON.stringify(
    Object.fromEntries(members.map(({ connection, accessToken }) => [connection, accessToken])),
  );
  return { value, id: hash(members.map(versionOf)), members, excess };
}

/**
 * Returns the name of a bundle's version (`ClientRequestToken`), so that a repetition changes nothing.
 * @param sequence how many contents were recorded before: one that returns is another version
 */
export const versionName = (bundle: string, sequence: number, { id }: Content): string =>
  hash([bundle, String(sequence), id]);

/** The time is in it because a table that was made anew counts its versions anew. */
const versionOf = ({ connection, generation, version, rotatedAt }: MemberToken): string =>
  [connection, generation, version, rotatedAt].join('/');

const hash = (parts: string[]): string => createHash('sha256').update(parts.join(' ')).digest('hex');

const byName = (a: MemberToken, b: MemberToken): number => nameOrder(a.connection, b.connection);
