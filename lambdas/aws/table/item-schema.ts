import * as v from 'valibot';
import { FAILURE_CLASSES } from '../../contract.ts';
import type { Connection } from '../../tokens/connection.ts';
import type { UnreadableItem } from '../../tokens/store/connections.ts';

/** Version of the shape below, which every write of an item records. */
export const SCHEMA_VERSION = 1;

const text = v.string();
const filled = v.pipe(v.string(), v.nonEmpty());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seconds = v.pipe(v.number(), v.finite());

/** Returns a schema that replaces a missing or malformed attribute, because every function does without it safely. */
const repaired = <Schema extends v.GenericSchema>(schema: Schema, value: v.InferOutput<Schema>) =>
  v.optional(v.fallback(schema, value), value as never);
/** Returns a schema that drops a malformed attribute. */
const dropped = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.optional(v.fallback(v.optional(schema), undefined));

const lastError = v.object({
  class: v.picklist(FAILURE_CLASSES),
  code: text,
  message: text,
  action: text,
  at: seconds,
});

/** A push target needs its names; the rest is repaired, so that the next step pushes again. */
const target = v.looseObject({
  instance: filled,
  credentialId: filled,
  pushedVersion: repaired(count, 0),
  failures: repaired(count, 0),
  lastError: dropped(lastError),
  retryAt: dropped(seconds),
});

/** Drops the targets that cannot be read, and keeps the others. */
const targets = v.pipe(
  v.array(v.unknown()),
  v.transform((each) => each.filter((one) => v.is(target, one)).map((one) => v.parse(target, one))),
);

/**
 * An item of the table. What identifies the tokens and their owner is never guessed: an item without it is set aside.
 * Unknown attributes are kept, because a newer version may have written them.
 */
const Item = v.looseObject({
  connection: filled,
  app: filled,
  grantType: v.picklist(['authorization_code', 'account_credentials']),
  status: v.picklist(['active', 'reconnect', 'misconfigured', 'disconnected']),
  version: count,
  sealedTokens: text,
  generation: v.optional(count, 0),
  // A token whose expiry is unknown is replaced at once.
  expiresAt: repaired(seconds, 0),
  dueAt: repaired(seconds, 0),
  validUntil: repaired(seconds, 0),
  publishedVersion: repaired(count, 0),
  consentedAt: repaired(seconds, 0),
  consentId: repaired(text, ''),
  rotatedAt: repaired(seconds, 0),
  failures: repaired(count, 0),
  overlap: repaired(v.picklist(['yes', 'no', 'unknown']), 'unknown'),
  place: dropped(v.pipe(filled, v.regex(/^(own|none|bundle_[a-z0-9_]+)$/))),
  oldPlaces: dropped(v.array(v.object({ place: filled, until: seconds, waitsUntil: v.optional(seconds) }))),
  noRoomIn: dropped(filled),
  publications: dropped(text),
  leaseOwner: dropped(text),
  leaseUntil: dropped(seconds),
  lastError: dropped(lastError),
  zoomUserId: dropped(filled),
  zoomAccountId: dropped(filled),
  scope: dropped(text),
  targets: dropped(targets),
  externalCredentials: dropped(v.array(v.looseObject({ instance: filled, credentialId: filled }))),
  pendingCredentials: dropped(
    v.array(v.looseObject({ instance: filled, url: filled, id: filled, name: text, at: seconds })),
  ),
  clientId: dropped(filled),
  failingSince: dropped(seconds),
  suspectSince: dropped(seconds),
  refusals: dropped(count),
  alertedAt: dropped(seconds),
  overlapSeen: dropped(count),
  overlapAskedAt: dropped(seconds),
  measureAt: dropped(seconds),
  askedAt: dropped(seconds),
  lostAt: dropped(seconds),
  disconnectedAt: dropped(seconds),
  revokedAt: dropped(seconds),
  secretDeletedAt: dropped(seconds),
});

/** An item of the table as it is stored. */
export type StoredItem = Record<string, unknown>;

/** Returns the connection in an item, repaired where that is safe, or why the item cannot be read. */
export function parseItem(item: StoredItem): Connection | UnreadableItem {
  const parsed = v.safeParse(Item, item);
  if (parsed.success) {
    const { schemaVersion: _, ...item } = parsed.output;
    const defined = Object.entries(item).filter(([, value]) => value !== undefined);
    return Object.fromEntries(defined) as unknown as Connection;
  }
  const problems = [...new Set(parsed.issues.map((issue) => problem(issue)))];
  return { connection: String(item.connection), problems };
}

export const isUnreadable = (item: Connection | UnreadableItem): item is UnreadableItem => 'problems' in item;

/** Is called for an item that was set aside. */
export type ReportUnreadable = (item: UnreadableItem) => void;

/** Reads the connections in items, and remembers which items it could not read. */
export interface ItemReader {
  /** Returns the connection in an item; `undefined` without one, and for one that cannot be read. */
  read(item: StoredItem | undefined): Connection | undefined;
  /** Returns why the item of a connection could not be read the last time. */
  lastProblem(connection: string): UnreadableItem | undefined;
}

/** @param report is called once for each connection whose item cannot be read */
export function createItemReader(report: ReportUnreadable): ItemReader {
  const unreadable = new Map<string, UnreadableItem>();
  return {
    read(item) {
      if (item === undefined) return undefined;
      const read = parseItem(item);
      if (!isUnreadable(read)) {
        unreadable.delete(read.connection);
        return read;
      }
      if (!unreadable.has(read.connection)) report(read);
      unreadable.set(read.connection, read);
      return undefined;
    },
    lastProblem: (connection) => unreadable.get(connection),
  };
}

/** Returns a text such as `version is missing`. It never contains the value. */
function problem(issue: v.BaseIssue<unknown>): string {
  const attribute = v.getDotPath(issue) ?? 'the item';
  return `${attribute} is ${issue.input === undefined ? 'missing' : 'malformed'}`;
}
