import type { KeyRotationView, KeyStatus } from '../../lambdas/operator-protocol.ts';
import { formatTime, formatUntil } from '../terminal/time.ts';

const STATUS = 'npx zoom-tokens rotate-key --status';

/**
 * Returns a sentence about a rotation of the keys that is under way.
 * @param now by the installation's clock, epoch seconds
 */
export const underWay = ({ since }: Pick<KeyRotationView, 'since'>, now: number): string =>
  `The keys were replaced at ${formatTime(since, now)}. The sweeps still seal what is stored with the new key; keep the earlier one. See: ${STATUS}`;

/** Returns what is stored sealed, and whether the previous key is needed. */
export function formatKeyStatus(status: KeyStatus): string {
  const { now, sealed, names, previousKeyId, completedAt, neededUntil } = status;
  const lines = [`${pairs(sealed.current)} sealed with the current key.`];
  if (sealed.previous > 0)
    lines.push(
      `${pairs(sealed.previous)} still sealed with the previous key: ${list(names.previous, sealed.previous)}.`,
    );
  if (sealed.other > 0)
    lines.push(
      `${pairs(sealed.other)} sealed with neither key, or damaged: ${list(names.other, sealed.other)}. Nothing opens them; connect what "npx zoom-tokens status" names.`,
    );
  if (neededUntil !== undefined)
    lines.push(
      `The previous key is needed until about ${formatUntil(neededUntil, now)}: the sweeps seal everything with the current one.`,
    );
  else if (previousKeyId === undefined) lines.push('The sealing key was never replaced.');
  else
    lines.push(
      `The previous key is no longer needed${completedAt === undefined ? '' : `, since ${formatTime(completedAt, now)}`}.`,
    );
  return lines.join('\n');
}

const pairs = (count: number): string => (count === 1 ? 'One stored pair is' : `${count} stored pairs are`);

/** Several pairs may be of one connection, and only the first names are known. */
const list = (names: readonly string[], count: number): string =>
  `${names.join(', ')}${names.length >= MOST_NAMES && count > names.length ? ', …' : ''}`;

/** As many as the operator function names at the most. */
const MOST_NAMES = 20;
