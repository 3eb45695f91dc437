import { addPublication, type Publications, timesOf } from '../publication-room.ts';
import { nextSlot, SLOT_SECONDS, slotStart } from './slots.ts';

/**
 * Secrets Manager keeps at most 100 versions of a secret in 24 hours. Slots, consents and late members may use this many of
 * them, consents not the last eight. Disconnections and old places that end may use the next 13; so may a late member whose
 * token is about to expire, but not the last three of them. Two are kept back for publications that could not be recorded.
 */
export const MOST_WRITES = 85;
export const LATE_WRITES = 8;
export const MOST_REMOVALS = 13;
export const KEPT_FOR_REMOVALS = 3;

/** A minute more than Secrets Manager's 24 hours, and a minute because times are kept in whole minutes. Seconds. */
const DAY_SECONDS = 24 * 60 * 60 + 2 * 60;

/** The versions that a bundle's secret got in the last 24 hours. */
export interface Versions {
  /** By slots, consents, late members, and disconnections that found room. */
  writes?: Publications;
  /** When the slot began that got one of these last, epoch seconds. Their own times are rounded. */
  slot?: number;
  /** By disconnections and late members that used the reserve. */
  removals?: Publications;
}

/** The purpose of a version. */
export interface Purpose {
  /** A member leaves. */
  isRemoval?: boolean;
  /** A member's published token expires before the next slot. */
  isLate?: boolean;
  /** A member's published token has expired, or is about to. */
  isExpiring?: boolean;
}

/**
 * Returns from when on a slot, a consent or a late member may write, epoch seconds: at once, or with the next slot. The
 * first write in a slot is the slot's own and always has room. Another has room if the slots of the next 24 hours still have
 * theirs.
 */
export function writableAt(
  bundle: string,
  { writes, slot = 0 }: Versions,
  now: number,
  { isLate = false }: Pick<Purpose, 'isLate'> = {},
): number {
  const times = timesOf(writes, now);
  const isFirst = slot < slotStart(bundle, now);
  if (isFirst && times.length < MOST_WRITES) return now;
  const most = isLate ? MOST_WRITES : MOST_WRITES - LATE_WRITES;
  return hasRoomBesideSlots(bundle, times, now, most) ? now : nextSlot(bundle, now);
}

function hasRoomBesideSlots(bundle: string, written: number[], now: number, most: number): boolean {
  const times = [...written, now];
  for (let slot = nextSlot(bundle, now); slot <= now + DAY_SECONDS; slot += SLOT_SECONDS) times.push(slot);
  return times.every((time, index) => {
    const displaced = times[index - most];
    return index < written.length || displaced === undefined || time - displaced >= DAY_SECONDS;
  });
}

/** Returns the versions with one more at `now`; `undefined` where there is no room for it. */
export function withVersion(
  bundle: string,
  versions: Versions,
  now: number,
  { isRemoval = false, isLate = false, isExpiring = false }: Purpose,
): Versions | undefined {
  const { writes, removals } = versions;
  if (writableAt(bundle, versions, now, { isLate }) <= now)
    return { ...versions, writes: addPublication(writes, now), slot: slotStart(bundle, now) };
  const most = isRemoval ? MOST_REMOVALS : isExpiring ? MOST_REMOVALS - KEPT_FOR_REMOVALS : 0;
  if (timesOf(removals, now).length >= most) return undefined;
  return { ...versions, removals: addPublication(removals, now) };
}
