import { ALL_FAULTS, type Fault, type Strike } from './faults.ts';
import { type Scenario, sweepOnce } from './scenarios.ts';

/**
 * Returns whether the fault loses the connection whatever we do: Zoom's response is lost, or the function is killed before
 * either write. A consent is stored in one place alone: the person is still at the browser.
 */
export function isUnavoidable(scenario: Scenario, points: string[], { fault, at, lasts }: Strike): boolean {
  const { takesEffect, kills, isHarmless }: Fault = ALL_FAULTS[fault];
  if (isHarmless) return false;
  const exchange = points.indexOf('zoom.token');
  const commit = points.findLastIndex(
    (point, index) =>
      index > exchange && point === 'dynamodb.UpdateItem' && isCommit(scenario, points, index),
  );
  if (at === exchange) return takesEffect;
  if (exchange === -1 || at > commit) return false;
  if (at < exchange) return false;
  const staysDown = lasts && scenario.invoke !== sweepOnce;
  if (at < commit) return kills === true || (staysDown && points[at]?.startsWith('dynamodb') === true);
  return !takesEffect && (kills === true || staysDown);
}

/** Returns whether the update at this index stores the new tokens. A rotation's is the first one after the exchange. */
function isCommit({ updatesBeforeCommit = 0 }: Scenario, points: string[], index: number): boolean {
  const exchange = points.indexOf('zoom.token');
  const updates = points.flatMap((point, i) => (i > exchange && point === 'dynamodb.UpdateItem' ? [i] : []));
  return index === updates[updatesBeforeCommit];
}
