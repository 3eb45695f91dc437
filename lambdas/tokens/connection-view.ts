import type { Connection } from './connection.ts';
import { expression, secretName } from './n8n-names.ts';

/** The fields that a person may see. An attribute that is not listed here never leaves the functions. */
const SHOWN = [
  'connection',
  'app',
  'grantType',
  'status',
  'dueAt',
  'generation',
  'version',
  'publishedVersion',
  'expiresAt',
  'validUntil',
  'consentedAt',
  'rotatedAt',
  'failures',
  'lastError',
  'zoomUserId',
  'zoomAccountId',
  'overlap',
  'targets',
  'externalCredentials',
  'disconnectedAt',
  'revokedAt',
  'secretDeletedAt',
] as const satisfies (keyof Connection)[];

/** A connection as `status` shows it: no token, sealed or not. Timestamps are epoch seconds. */
export type ConnectionView = Pick<Connection, (typeof SHOWN)[number]> & {
  secretName: string;
  expression: string;
};

/** Returns what a person may see of a connection. */
export function toView(item: Connection): ConnectionView {
  const shown = Object.fromEntries(
    SHOWN.filter((field) => item[field] !== undefined).map((field) => [field, item[field]]),
  ) as Pick<Connection, (typeof SHOWN)[number]>;
  return { ...shown, secretName: secretName(item.connection), expression: expression(item.connection) };
}
