import type { Connection } from './connection.ts';
import { expression, secretOf } from './n8n-names.ts';

/** The fields that people may see. An attribute that is not in this list never leaves the functions. */
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
  'failingSince',
  'lastError',
  'suspectSince',
  'refusals',
  'scope',
  'zoomUserId',
  'zoomAccountId',
  'overlap',
  'place',
  'oldPlaces',
  'noRoomIn',
  'targets',
  'externalCredentials',
  'disconnectedAt',
  'revokedAt',
  'secretDeletedAt',
] as const satisfies (keyof Connection)[];

/** A connection as `status` shows it, without any token, sealed or not. Timestamps are epoch seconds. */
export type ConnectionView = Pick<Connection, (typeof SHOWN)[number]> & {
  /** Missing for a connection that is only pushed, as `expression` is. */
  secretName?: string;
  expression?: string;
};

/** Returns the fields of a connection that people may see. */
export function toView(item: Connection): ConnectionView {
  const shown = Object.fromEntries(
    SHOWN.filter((field) => item[field] !== undefined).map((field) => [field, item[field]]),
  ) as Pick<Connection, (typeof SHOWN)[number]>;
  const [secretName, pasted] = [secretOf(item), expression(item)];
  return {
    ...shown,
    ...(secretName !== undefined && { secretName }),
    ...(pasted !== undefined && { expression: pasted }),
  };
}
