import { createHash } from 'node:crypto';

/**
 * The members of a bundle rotate together once in this time, so that one version of the secret serves all of them. Seconds.
 * A token of an hour lives another 20 minutes then.
 */
export const SLOT_SECONDS = 40 * 60;

/** The largest margin with which a token of an hour still reaches the slot after its own. Seconds. */
const MOST_MARGIN_SECONDS = 15 * 60;

/** Returns when the slot began in which `at` lies, epoch seconds. Each bundle's slots are offset by its name. */
export const slotStart = (bundle: string, at: number): number => {
  const offset = createHash('sha256').update(bundle).digest().readUInt32BE() % SLOT_SECONDS;
  return Math.floor((at - offset) / SLOT_SECONDS) * SLOT_SECONDS + offset;
};

/** Returns when the next slot begins, epoch seconds. */
export const nextSlot = (bundle: string, now: number): number => slotStart(bundle, now) + SLOT_SECONDS;

/**
 * Returns the slot in which to replace a member's token: the last one that leaves the margin before its expiry.
 * @param margin seconds
 * @returns epoch seconds; `undefined` for a token that lives too briefly to reach a slot
 */
export function rotationSlot(
  bundle: string,
  { expiresAt, rotatedAt = 0 }: { expiresAt: number; rotatedAt?: number },
  margin: number,
): number | undefined {
  const slot = slotStart(bundle, expiresAt - Math.min(margin, MOST_MARGIN_SECONDS));
  return slot > rotatedAt ? slot : undefined;
}
