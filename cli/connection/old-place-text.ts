import type { ConnectionView } from '../../lambdas/operator-protocol.ts';
import { placeInWords } from '../../lambdas/operator-protocol.ts';
import { formatUntil } from '../terminal/time.ts';

type OldPlace = NonNullable<ConnectionView['oldPlaces']>[number];

/** Returns until when a place that a connection has left is kept current, and what waits there, as `its …, kept current until …`. */
export function oldPlaceText({ place, until, waitsUntil }: OldPlace, now: number): string {
  const name = placeInWords(place);
  const isWaiting = waitsUntil !== undefined && waitsUntil > now;
  if (!isWaiting) return `${name}, kept current until ${formatUntil(until, now)}`;
  const untilThen = formatUntil(waitsUntil, now);
  return until > now
    ? `${name}, kept until ${formatUntil(until, now)}. It holds an earlier token until ${untilThen}: its secret is not written before`
    : `${name}. It holds the token until ${untilThen}: its secret is not written before`;
}
