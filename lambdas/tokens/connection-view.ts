import { type Connection, isDisconnected } from './connection.ts';
import { expression, secretOf } from './n8n-names.ts';
import type { Installation } from './operate/installation.ts';
import { type Margins, rotateAt } from './schedule.ts';

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
  /** Missing, as `expression` is, for a connection that is only pushed or disconnected: n8n has nothing to read. */
  secretName?: string;
  expression?: string;
  /** When the token is to be replaced, where `dueAt` is of another step before: a measurement, a push, or the end of a place. */
  nextRotationAt?: number;
  /** The deployment does not have its app, so that the next rotation fails. */
  appMissing?: true;
};

export interface ViewDependencies {
  margins: Margins;
  /** Left out, every app counts as deployed. */
  installation?: Pick<Installation, 'existing'>;
}

/** Returns the fields of a connection that people may see. */
export function toView(item: Connection, { margins, installation }: ViewDependencies): ConnectionView {
  const shown = Object.fromEntries(
    SHOWN.filter((field) => item[field] !== undefined).map((field) => [field, item[field]]),
  ) as Pick<Connection, (typeof SHOWN)[number]>;
  const readable = isDisconnected(item) ? { ...item, place: 'none' as const } : item;
  const [secretName, pasted] = [secretOf(readable), expression(readable)];
  return {
    ...shown,
    ...(secretName !== undefined && { secretName }),
    ...(pasted !== undefined && { expression: pasted }),
    ...laterRotation(item, margins),
    ...(installation && isAppMissing(item, installation) && { appMissing: true }),
  };
}

const isAppMissing = (item: Connection, { existing }: Pick<Installation, 'existing'>): boolean =>
  !isDisconnected(item) && !Object.hasOwn(existing.appSecretArns, item.app);

/** Returns `nextRotationAt`, if it is not `dueAt`. A failed or suspect connection is due for its next attempt. */
export function laterRotation(item: Connection, margins: Margins): Pick<ConnectionView, 'nextRotationAt'> {
  const { status, failures, suspectSince, version, publishedVersion, dueAt } = item;
  if (status !== 'active' || failures > 0 || suspectSince !== undefined) return {};
  const nextRotationAt = rotateAt(item, margins);
  return publishedVersion === version && dueAt < nextRotationAt ? { nextRotationAt } : {};
}
