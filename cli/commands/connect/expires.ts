import { InvalidArgumentError } from 'commander';
import { MAX_LINK_SECONDS, MIN_LINK_SECONDS } from '../../../lambdas/operator-protocol.ts';
import { parseDuration } from '../../terminal/duration.ts';

/**
 * Returns the seconds of a duration such as `45m`, `12h` or `3d`.
 * @throws {InvalidArgumentError} for another text, and for a duration that no link may have
 */
export function parseExpires(text: string): number {
  const seconds = parseDuration(text) ?? 0;
  if (seconds >= MIN_LINK_SECONDS && seconds <= MAX_LINK_SECONDS) return seconds;
  throw new InvalidArgumentError('Expected 1m to 30d, such as 45m, 12h or 3d.');
}
