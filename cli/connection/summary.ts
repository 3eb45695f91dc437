import type { FleetCounts, FleetState } from '../../lambdas/operator-protocol.ts';
import { FLEET_STATES } from '../../lambdas/operator-protocol.ts';

const WORDS: Record<FleetState, (count: number) => string> = {
  active: () => 'well',
  reconnect: (count) => (count === 1 ? 'needs a person' : 'need a person'),
  misconfigured: () => 'misconfigured',
  expired: () => 'without a valid token',
  suspect: () => 'suspect',
  failing: () => 'failing',
  disconnected: () => 'disconnected',
};

/** Returns a number of connections, such as `1,204`. */
export const formatCount = (count: number): string => count.toLocaleString('en-US');

export const totalOf = (counts: FleetCounts): number =>
  FLEET_STATES.reduce((sum, state) => sum + counts[state], 0);

/** Returns a line such as `1,204 connections: 1,200 well, 3 need a person, 1 misconfigured`. */
export function formatSummary(counts: FleetCounts): string {
  const total = totalOf(counts);
  const states: FleetState[] = ['active', ...FLEET_STATES.filter((state) => state !== 'active')];
  const parts = states
    .filter((state) => counts[state] > 0)
    .map((state) => `${formatCount(counts[state])} ${WORDS[state](counts[state])}`);
  return `${formatCount(total)} ${total === 1 ? 'connection' : 'connections'}: ${parts.join(', ')}`;
}
