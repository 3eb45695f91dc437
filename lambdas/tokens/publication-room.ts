import type { Connection } from './connection.ts';

/**
 * Secrets Manager keeps every version that is younger than 24 hours, and at most 100 of a secret. Two are kept back for
 * publications that were made but could not be recorded.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
const MOST_PUBLICATIONS = 98;
/** A minute more than Secrets Manager's 24 hours, because its clock and ours may differ. */
const WINDOW_SECONDS = 24 * 60 * 60 + 60;

/** A rotation that has to save room waits until the access token has this long to live. Seconds. */
const LAST_RESORT_SECONDS = 5 * 60;

/** Access tokens that live 20 minutes, less the time of a request, never expire for lack of room. Seconds. */
const LEAST_COVERED_SECONDS = 20 * 60 - 30;

/** Zoom's lifetime of access tokens, seconds. */
const USUAL_LIFETIME_SECONDS = 60 * 60;

/**
 * The times of the publications of the last 24 hours in base64: 32 bits of epoch minutes for the first, then 16 bits of
 * minutes after it for each further one. 100 publications take 270 bytes.
 */
export type Publications = string;

type Published = Pick<Connection, 'expiresAt'> & Partial<Pick<Connection, 'rotatedAt' | 'publications'>>;

/** Returns the publications with one more, without those that no longer count. */
export function addPublication(publications: Publications | undefined, at: number): Publications {
  return encode([...recent(decode(publications), at), at]);
}

/**
 * Returns whether a rotation at a time leaves room for itself and for those that must follow before their tokens expire.
 */
export function hasRoom({ publications, ...token }: Published, at: number): boolean {
  const times = recent(decode(publications), at);
  const interval = Math.max(60, lifetimeOf(token) - LAST_RESORT_SECONDS);
  const first = times.length;
  for (let next = at; next <= at + WINDOW_SECONDS; next += interval) {
    times.push(next);
    if (times.length > first + MOST_PUBLICATIONS) return false;
  }
  return times.every((time, index) => {
    const displaced = times[index - MOST_PUBLICATIONS];
    return index < first || displaced === undefined || time - displaced >= WINDOW_SECONDS;
  });
}

/** Returns from when on Secrets Manager accepts another version, epoch seconds; `now` if it does already. */
export function roomAt(publications: Publications | undefined, now: number): number {
  const times = recent(decode(publications), now);
  const displaced = times[times.length - MOST_PUBLICATIONS];
  return displaced === undefined ? now : displaced + WINDOW_SECONDS;
}

/**
 * Returns a rotation's time, postponed if the day's publications have no room for it. The last resort is the last five
 * minutes of the access token, and then, without any room, its expiry.
 * @param preferred epoch seconds
 */
export function postponed(item: Published, preferred: number): number {
  if (item.publications === undefined || hasRoom(item, preferred)) return preferred;
  const last = Math.max(preferred, item.expiresAt - LAST_RESORT_SECONDS);
  return Math.max(last, Math.min(roomAt(item.publications, last), item.expiresAt));
}

/** Returns whether a rotation by hand would use up the room that the published token's successors need. */
export function lacksRoom(item: Published & Pick<Connection, 'validUntil'>, now: number): boolean {
  if (item.validUntil <= now) return false;
  // Tokens that live less never have enough room, so only the present publication counts.
  return lifetimeOf(item) < LEAST_COVERED_SECONDS
    ? roomAt(item.publications, now) > now
    : !hasRoom(item, now);
}

/** Returns the times of the publications that still count at `now`, epoch seconds, in order. */
export const timesOf = (publications: Publications | undefined, now: number): number[] =>
  recent(decode(publications), now);

/** Returns the lifetime of the stored access token, seconds. */
const lifetimeOf = ({ expiresAt, rotatedAt = expiresAt - USUAL_LIFETIME_SECONDS }: Published): number =>
  Math.max(0, expiresAt - rotatedAt);

const recent = (times: number[], now: number): number[] =>
  times.filter((time) => time + WINDOW_SECONDS > now);

/** Rounds up to the minute, so that no publication counts as older than it is. */
const minutesOf = (time: number): number => Math.ceil(time / 60);

function encode(times: readonly number[]): Publications {
  const [first = 0, ...later] = times.map(minutesOf);
  const bytes = Buffer.alloc(4 + 2 * later.length);
  bytes.writeUInt32BE(first);
  for (const [index, minutes] of later.entries()) {
    bytes.writeUInt16BE(Math.max(0, minutes - first), 4 + 2 * index);
  }
  return bytes.toString('base64');
}

function decode(publications: Publications | undefined): number[] {
  const bytes = Buffer.from(publications ?? '', 'base64');
  if (bytes.length < 4) return [];
  const first = bytes.readUInt32BE();
  const later = Array.from({ length: (bytes.length - 4) >> 1 }, (_, index) =>
    bytes.readUInt16BE(4 + 2 * index),
  );
  return [first, ...later.map((minutes) => first + minutes)].map((minutes) => minutes * 60);
}
