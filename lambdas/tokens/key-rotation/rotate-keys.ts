import { randomBytes } from 'node:crypto';
import { utc } from '../clock.ts';
import { listOpenLinks, type OpenLink } from '../consent/open-links.ts';
import type { Dependencies } from '../dependencies.ts';
import { Failure, toFailure } from '../errors.ts';
import { deriveSealingPair } from '../sealing/sealing-pair.ts';
import { warnOfFailure } from '../warn-of-failure.ts';
import { type KeyStatus, readKeyStatus, statusAfterRotation } from './key-status.ts';
import { beginKeyRotation } from './reseal.ts';

/** The effects of a rotation of the keys, done or to come. */
export interface KeysRotated {
  /** The links that it ends; at most 1000. */
  links: OpenLink[];
  keys: KeyStatus;
}

interface Options {
  sweepRateMinutes: number;
}

/**
 * Returns what a rotation of the keys would do now, and changes nothing.
 * @throws {Failure} `rejected` (`key_needed`) while what is stored still needs the previous sealing key
 */
export async function previewKeyRotation(deps: Dependencies, options: Options): Promise<KeysRotated> {
  return (await prepare(deps, options)).preview;
}

/**
 * Replaces the link key, then the sealing key. The previous link key opens nothing. The previous sealing key opens what it has
 * sealed, until the sweeps have sealed it with the new one.
 * @throws {Failure} `rejected` (`key_needed`); `retry` (`busy`) when another rotation has just begun; `retry`
 * (`keys_partly_replaced`) when a key could not be written; the command can be run again
 */
export async function rotateKeys(deps: Dependencies, options: Options): Promise<KeysRotated> {
  const { store, vault, publishKey, now, log } = deps;
  const { preview, notes, found } = await prepare(deps, options);
  const seed = newKey();
  const keyId = (await deriveSealingPair(seed)).id;
  const begun = beginKeyRotation(notes, keyId, now());
  // Of two rotations at once the second would take the place of the previous key, which opens everything.
  if (!(await store.putKeyRotation(begun))) throw anotherHasBegun();
  try {
    await vault.replaceKey('link key', newKey());
    await vault.replaceKey('sealing key', seed);
  } catch (error) {
    // Where a response was lost, the key may be another one: the notes then keep a second rotation away for some minutes.
    const isRefused = error instanceof Failure && error.class === 'misconfigured';
    if (isRefused && notes) await store.putKeyRotation({ ...notes, revision: begun.revision + 1 });
    throw notFinished(error);
  }
  log.info('the keys were replaced', { links: preview.links.length, keyId });
  // A sweep does it too.
  await publishKey({ fresh: true }).catch((error) => {
    warnOfFailure(log, 'The public half of the sealing key was not published.', error);
  });
  await deps.keyring(undefined, { fresh: true }).catch(() => {});
  return { links: preview.links, keys: statusAfterRotation(found, begun, options) };
}

async function prepare(deps: Dependencies, options: Options) {
  const { status, notes, found, isBeginning } = await readKeyStatus(deps, options);
  if (isBeginning) throw anotherHasBegun();
  if (status.isPreviousNeeded) throw stillNeeded(status);
  await deps.keyring(undefined, { fresh: true });
  const links = (await listOpenLinks(deps)).filter(({ state }) => state !== 'key_replaced');
  return { notes, found, preview: { links, keys: status } };
}

/** As many characters as the stack generates, each of six random bits. */
const newKey = (): string => randomBytes(48).toString('base64url');

function stillNeeded({ sealed, names, neededUntil = 0 }: KeyStatus): Failure {
  const [pairs, them] =
    sealed.previous === 1 ? ['One stored pair is', 'it'] : [`${sealed.previous} stored pairs are`, 'them'];
  const whose = `${names.previous.join(', ')}${sealed.previous > names.previous.length ? ', …' : ''}`;
  const needed =
    sealed.previous === 0
      ? 'A function may still seal with the previous key.'
      : `${pairs} sealed with the previous key (${whose}), and nothing else opens ${them}.`;
  return new Failure(
    'rejected',
    'key_needed',
    `The keys were not replaced: the last rotation of the keys is under way. ${needed}`,
    `Wait until about ${utc(neededUntil)}. What is left: npx zoom-tokens rotate-key --status`,
  );
}

function anotherHasBegun(): Failure {
  return new Failure(
    'retry',
    'busy',
    'The keys were not replaced: another rotation of them has just begun, or has just failed.',
    'See how it stands, and run the command again in ten minutes: npx zoom-tokens rotate-key --status',
  );
}

function notFinished(error: unknown): Failure {
  const { class: failureClass, message, action } = toFailure(error);
  return new Failure(
    failureClass,
    'keys_partly_replaced',
    `The keys may not all be replaced, and links that were open may have ended. ${message}`,
    `${action} Then run it again in ten minutes: npx zoom-tokens rotate-key`,
  );
}
