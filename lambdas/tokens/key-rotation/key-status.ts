import pMap from 'p-map';
import type { Dependencies } from '../dependencies.ts';
import { nameOrder } from '../name-order.ts';
import { sealedWith } from '../sealing/seal.ts';
import { deriveSealingPair } from '../sealing/sealing-pair.ts';
import type { KeyRotation } from '../store/sealed-items.ts';
import { isBeginning, MOST_PAGES, PAGE, SETTLE_SECONDS } from './reseal.ts';

/** How a key rotation stands, as far as the notes of the sweeps say. Timestamps are epoch seconds. */
export interface KeyRotationView {
  /** When the sealing key was replaced; for one that never was, when a sweep first saw it. */
  since: number;
  /** When everything that is stored was sealed with the current key; missing while a rotation is under way. */
  completedAt?: number;
}

/** The numbers of stored tokens by the key that sealed them. Timestamps are epoch seconds. */
export interface KeyStatus extends Partial<KeyRotationView> {
  now: number;
  /** Id of the current sealing key: the thumbprint of its public half. */
  keyId: string;
  /** Id of the previous one; missing if the key was never replaced. */
  previousKeyId?: string;
  /** `other`: sealed with neither key, or damaged. Nothing opens it any more. */
  sealed: { current: number; previous: number; other: number };
  /** The connections of `previous` and of `other`, some names of each at most. */
  names: { previous: string[]; other: string[] };
  /** Whether the previous key must be kept. */
  isPreviousNeeded: boolean;
  /** About when it is not needed any more, by the pace of the sweeps. */
  neededUntil?: number;
}

/** Names that are listed at most. */
const MOST_NAMES = 20;
/** Items that are read at a time. */
const COUNTED = 1000;
const AT_ONCE = 8;

type StatusDependencies = Pick<Dependencies, 'store' | 'rescue' | 'vault' | 'now'>;

/** Returns how a key rotation stands; `undefined` before the first sweep. It reads one item. */
export async function viewKeyRotation({
  store,
  sealingKey,
}: Pick<Dependencies, 'store' | 'sealingKey'>): Promise<KeyRotationView | undefined> {
  const notes = await store.keyRotation();
  if (!notes) return undefined;
  const { since, completedAt } = notes;
  const isOfCurrent = notes.keyId === (await sealingKey()).id;
  return { since, ...(isOfCurrent && completedAt !== undefined && { completedAt }) };
}

/**
 * Counts what is stored sealed. It reads the whole table. Where the previous key is found after a rotation that was completed,
 * the sweep begins again.
 */
export async function readKeyStatus(
  deps: StatusDependencies,
  { sweepRateMinutes }: { sweepRateMinutes: number },
): Promise<{ status: KeyStatus; notes: KeyRotation | undefined; found: Found; isBeginning: boolean }> {
  const { store, vault, now } = deps;
  // First: whoever replaces the notes that were read here knows that nothing has changed since.
  const read = await store.keyRotation();
  const [current, previous] = await Promise.all([
    vault.sealingSeed('current'),
    vault.sealingSeed('previous'),
  ]);
  const keyId = await idOf(current ?? '');
  const previousKeyId = previous === undefined ? undefined : await idOf(previous);
  const found = await countSealed(keyId, previousKeyId, deps);
  const notes = await withoutWrongEnd(read, keyId, found, deps);
  const isOfCurrent = notes?.keyId === keyId;
  const isCompleted = isOfCurrent && notes.completedAt !== undefined;
  const isPreviousNeeded = !isCompleted && (isOfCurrent || previousKeyId !== undefined);
  return {
    notes,
    found,
    isBeginning: notes !== undefined && !isOfCurrent && isBeginning(notes, now()),
    status: {
      now: now(),
      keyId,
      ...(previousKeyId !== undefined && { previousKeyId }),
      ...(isOfCurrent && { since: notes.since }),
      ...(isCompleted && notes.completedAt !== undefined && { completedAt: notes.completedAt }),
      sealed: found.sealed,
      names: { previous: found.names.previous, other: found.names.other },
      isPreviousNeeded,
      ...(isPreviousNeeded && {
        neededUntil: estimateEnd(found, isOfCurrent ? notes : undefined, now(), sweepRateMinutes),
      }),
    },
  };
}

/** Returns the status right after a rotation of the keys, before which everything was sealed with `keyId`. */
export function statusAfterRotation(
  { sealed, names, keyId }: Found,
  begun: KeyRotation,
  { sweepRateMinutes }: { sweepRateMinutes: number },
): KeyStatus {
  const other = sealed.previous + sealed.other;
  const found = { keyId, sealed: { current: 0, previous: sealed.current, other }, names };
  return {
    now: begun.since,
    keyId: begun.keyId,
    previousKeyId: keyId,
    since: begun.since,
    sealed: found.sealed,
    names: { previous: names.current, other: names.other },
    isPreviousNeeded: true,
    neededUntil: estimateEnd(found, begun, begun.since, sweepRateMinutes),
  };
}

const idOf = async (seed: string): Promise<string> => (await deriveSealingPair(seed)).id;

/** Returns the notes. A rotation that was completed too early is taken up by the next sweeps. */
async function withoutWrongEnd(
  notes: KeyRotation | undefined,
  keyId: string,
  { sealed }: Found,
  { store }: StatusDependencies,
): Promise<KeyRotation | undefined> {
  if (notes?.keyId !== keyId || notes.completedAt === undefined || sealed.previous === 0) return notes;
  const { completedAt: _, ...begun } = notes;
  const reopened = { ...begun, revision: notes.revision + 1, found: 0, unreadable: 0 };
  return (await store.putKeyRotation(reopened)) ? reopened : store.keyRotation();
}

/** The numbers of stored tokens and their connections, by the key, and the key that was the current one then. */
interface Found extends Pick<KeyStatus, 'keyId' | 'sealed'> {
  names: KeyStatus['names'] & { current: string[] };
}

async function countSealed(
  keyId: string,
  previousKeyId: string | undefined,
  { store, rescue }: StatusDependencies,
): Promise<Found> {
  const sealed = { current: 0, previous: 0, other: 0 };
  const names = { current: new Set<string>(), previous: new Set<string>(), other: new Set<string>() };
  const add = (connection: string, sealedTokens: string) => {
    const id = sealedWith(sealedTokens);
    const by = id === keyId ? 'current' : id !== undefined && id === previousKeyId ? 'previous' : 'other';
    sealed[by] += 1;
    if (by !== 'current' || names.current.size < MOST_NAMES) names[by].add(connection);
  };
  // What a step moves meanwhile is counted twice rather than never.
  for await (const { keys } of pagesOf((after) => rescue?.list(after))) {
    const kept = await pMap(keys, (key) => rescue?.get(key), { concurrency: AT_ONCE });
    for (const [index, tokens] of kept.entries())
      if (tokens) add(keys[index]?.connection ?? '', tokens.sealedTokens);
  }
  for await (const { items } of pagesOf((after) => store.sealed({ limit: COUNTED, after })))
    for (const { connection, sealedTokens } of items) add(connection, sealedTokens);
  const first = (set: Set<string>) => [...set].sort(nameOrder).slice(0, MOST_NAMES);
  return {
    ...{ keyId, sealed },
    names: {
      current: first(names.current),
      previous: first(names.previous),
      other: first(names.other),
    },
  };
}

/** Yields the pages of a walk; none without a place to walk through. */
async function* pagesOf<Page extends { next?: string }>(
  read: (after: string | undefined) => Promise<Page> | undefined,
): AsyncGenerator<Page> {
  let after: string | undefined;
  do {
    const page = await read(after);
    if (!page) return;
    yield page;
    after = page.next;
  } while (after !== undefined);
}

/** Assumes five items of the table for each sealed one, and a second pass after two minutes, which finds nothing. */
function estimateEnd(
  { sealed }: Pick<Found, 'sealed'>,
  notes: KeyRotation | undefined,
  now: number,
  sweepRateMinutes: number,
): number {
  const items = 5 * (sealed.current + sealed.previous + sealed.other);
  const sweeps = 2 * Math.ceil((items + 1) / (PAGE * MOST_PAGES)) + 1;
  return Math.max(now, notes?.notBefore ?? now + SETTLE_SECONDS) + 120 + sweeps * sweepRateMinutes * 60;
}
