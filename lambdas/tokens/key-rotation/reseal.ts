import pMap from 'p-map';
import { isWithin } from '../clock.ts';
import type { Dependencies } from '../dependencies.ts';
import { KEY_SECONDS } from '../sealing/key-life.ts';
import { isUnopenable, open, seal, sealedWith } from '../sealing/seal.ts';
import type { SealingKey } from '../sealing/sealing-pair.ts';
import type { KeyRotation } from '../store/sealed-items.ts';
import { warnOfFailure } from '../warn-of-failure.ts';

type ResealDependencies = Pick<
  Dependencies,
  'store' | 'rescue' | 'vault' | 'sealingKey' | 'openingKey' | 'now' | 'log'
>;

/**
 * How long functions may still seal with the replaced key, seconds: a sweep publishes the public half of the new one within ten
 * minutes, the callback function has read the earlier one just before; and five minutes more.
 */
export const SETTLE_SECONDS = 2 * KEY_SECONDS + 5 * 60;

/**
 * Returns whether notes of another key may be of one that is newer than what this function knows, or of a rotation of the keys
 * that is under way in another function at this moment.
 */
export const isBeginning = ({ since }: Pick<KeyRotation, 'since'>, now: number): boolean =>
  isWithin(KEY_SECONDS + 60, since, now);

/** Items of the table that are looked at together. */
export const PAGE = 500;
/** The most pages that a sweep looks at. It begins none after `MOST_SECONDS`. */
export const MOST_PAGES = 20;
const MOST_SECONDS = 5;

/**
 * The pause between two passes, seconds: a function that had read an item before the first pass sealed it has ended by the
 * second.
 */
const PAUSE_SECONDS = 2 * 60;

const AT_ONCE = 8;

/**
 * The result for one sealed item. `current`: it was sealed with the current key before. `changed`: it has another content
 * meanwhile.
 */
type Resealed = 'current' | 'resealed' | 'changed' | 'unreadable' | 'failed';

/**
 * Returns a function that seals with the current key what is stored, some pages each time that it is called. Once everything
 * is, it looks once in ten minutes whether the key was replaced. The replaced key is not needed any more after a whole pass
 * that has found nothing of it: what a pass seals, and what changes meanwhile, is looked at again by the next pass.
 */
export function createResealer(deps: ResealDependencies): () => Promise<void> {
  const { store, sealingKey, now } = deps;
  let completed = { keyId: '', at: Number.NEGATIVE_INFINITY };

  return async () => {
    const key = await sealingKey();
    if (completed.keyId === key.id && isWithin(KEY_SECONDS, completed.at, now())) return;
    const startedAt = now();
    let notes = await store.keyRotation();
    for (let page = 0; page < MOST_PAGES && now() - startedAt <= MOST_SECONDS; page += 1) {
      const next = await advance(notes, key, deps);
      // Where another function was faster, that one has looked at the same page.
      if (next !== notes && !(await store.putKeyRotation(next))) return;
      if (next.keyId === key.id && next.completedAt !== undefined) completed = { keyId: key.id, at: now() };
      if (next === notes || !next.after) return;
      notes = next;
    }
  };
}

/** Returns the notes after one more page; the same notes where there is nothing to do now. */
async function advance(
  before: KeyRotation | undefined,
  key: SealingKey,
  deps: ResealDependencies,
): Promise<KeyRotation> {
  const { vault, now, log } = deps;
  if (before?.keyId !== key.id) {
    if (before && isBeginning(before, now())) return before;
    const begun = beginKeyRotation(before, key.id, now());
    // A key that was never replaced has sealed everything.
    const isFirst = (await vault.sealingSeed('previous')) === undefined;
    return isFirst ? { ...begun, completedAt: now() } : begun;
  }
  if (before.completedAt !== undefined || now() < before.notBefore) return before;
  const page = await lookAtPage(before.after ?? { place: 'rescue' }, key, deps);
  const { after: _, ...notes } = before;
  const counted = {
    ...notes,
    revision: before.revision + 1,
    found: before.found + page.found,
    unreadable: before.unreadable + page.unreadable,
  };
  if (page.next) return { ...counted, after: page.next };
  if (counted.found > 0) return { ...counted, ...NOTHING_YET, notBefore: now() + PAUSE_SECONDS };
  log.info('everything that is stored is sealed with the current key', { unreadable: counted.unreadable });
  return { ...counted, completedAt: now() };
}

/** Returns the notes of a rotation to another key. */
export const beginKeyRotation = (
  before: KeyRotation | undefined,
  keyId: string,
  now: number,
): KeyRotation => ({
  ...{ revision: (before?.revision ?? 0) + 1, keyId, since: now, notBefore: now + SETTLE_SECONDS },
  ...NOTHING_YET,
});

const NOTHING_YET = { found: 0, unreadable: 0 };

interface Page {
  found: number;
  unreadable: number;
  next?: KeyRotation['after'];
}

async function lookAtPage(
  { place, key: after }: NonNullable<KeyRotation['after']>,
  key: SealingKey,
  deps: ResealDependencies,
): Promise<Page> {
  const { store, rescue } = deps;
  if (place === 'table') {
    const { items, next } = await store.sealed({ limit: PAGE, after });
    const results = await attemptEach(items, (item) => resealItem(item, key, deps), deps);
    return { ...count(results), ...(next !== undefined && { next: { place, key: next } }) };
  }
  // Before the table, into which a step may move what is here.
  const { keys, next } = (await rescue?.list(after)) ?? { keys: [] };
  const results = await attemptEach(keys, (of) => resealRescued(of, key, deps), deps);
  return { ...count(results), next: next === undefined ? { place: 'table' } : { place, key: next } };
}

/** One that fails does not hold up the others: it counts as found, so that the next pass looks at it again. */
async function attemptEach<T extends { connection: string }>(
  each: readonly T[],
  attempt: (one: T) => Promise<Resealed>,
  { log }: ResealDependencies,
): Promise<Resealed[]> {
  return pMap(
    each,
    async (one) => {
      try {
        return await attempt(one);
      } catch (error) {
        warnOfFailure(log, 'Not sealed with the current key.', error, { connection: one.connection });
        return isUnopenable(error) ? 'unreadable' : 'failed';
      }
    },
    { concurrency: AT_ONCE },
  );
}

async function resealItem(
  item: { key: string; connection: string; sealedTokens: string },
  key: SealingKey,
  { store, openingKey }: ResealDependencies,
): Promise<Resealed> {
  const sealedTokens = await sealAgain(item, key, openingKey);
  if (sealedTokens === undefined) return 'current';
  return (await store.reseal(item, sealedTokens)) ? 'resealed' : 'changed';
}

/**
 * Seals what is in the rescue store. A step may take it up meanwhile and remove it: what is put back then fits no version any
 * more, so that it is never used, and expires.
 */
async function resealRescued(
  of: Parameters<NonNullable<Dependencies['rescue']>['get']>[0],
  key: SealingKey,
  { rescue, openingKey }: ResealDependencies,
): Promise<Resealed> {
  const kept = await rescue?.get(of);
  if (!rescue || !kept) return 'current';
  const sealedTokens = await sealAgain({ ...kept, connection: of.connection }, key, openingKey);
  if (sealedTokens === undefined) return 'current';
  await rescue.put(of, { ...kept, sealedTokens });
  return 'resealed';
}

/** Returns the same tokens sealed with the current key; `undefined` where they are. */
async function sealAgain(
  { connection, sealedTokens }: { connection: string; sealedTokens: string },
  key: SealingKey,
  openingKey: Dependencies['openingKey'],
): Promise<string | undefined> {
  if (sealedWith(sealedTokens) === key.id) return undefined;
  return seal(await open(sealedTokens, connection, openingKey), connection, key);
}

function count(results: readonly Resealed[]): Omit<Page, 'next'> {
  const unreadable = results.filter((result) => result === 'unreadable').length;
  return { found: results.filter((result) => result !== 'current').length - unreadable, unreadable };
}
