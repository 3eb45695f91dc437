import { Failure } from '../../../lambdas/tokens/errors.ts';
import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, round, type Scenario } from './scenario.ts';

interface Outage {
  what: string;
  /** How long DynamoDB is down from Zoom's first response on; seconds. */
  lasts: number;
  /** Lambda kills the function so long after its start; seconds. */
  killedAfter?: number;
  /** Until so long after the outage the rescue store cannot be read; seconds. */
  unreadableFor?: number;
}

const OUTAGES: Outage[] = [
  { what: 'DynamoDB is down for 20 min', lasts: 20 * MINUTE },
  { what: 'and the function is killed after 5 s', lasts: 20 * MINUTE, killedAfter: 5 },
  {
    what: 'and the rescue store is unreadable 10 min longer',
    lasts: 20 * MINUTE,
    unreadableFor: 10 * MINUTE,
  },
];

/** The longest back-off, or the lease that a killed step left behind, and the sweep after it; seconds. */
const BACK_OFF_AND_SWEEP = (5 + 1) * MINUTE;

/** DynamoDB is down from Zoom's response until long after the function's deadline. */
export const storeDown: Scenario = {
  name: 'store-down',
  must: 'no connection lost, Zoom refuses nothing, and n8n has a new token within 6 min of the recovery',
  async run(isShort) {
    const rows = [];
    for (const outage of OUTAGES) rows.push(await during(outage, isShort ? 3 : 40));
    return rows;
  },
};

async function during({ what, lasts, killedAfter, unreadableFor = 0 }: Outage, size: number) {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const all = names(size);
  await fleet.connect(all, () => start - HOUR + 5 * MINUTE);
  let downFrom = Infinity;
  const isOver = () => fleet.time.now >= downFrom + lasts;
  let mostRescued = 0;
  fleet.failing = (point) => {
    if (downFrom === Infinity && fleet.zoom.requests.length > 0) downFrom = fleet.time.now;
    mostRescued = Math.max(mostRescued, fleet.rescue.kept.size);
    if (point.startsWith('store.') && downFrom < Infinity && !isOver()) return new Error('DynamoDB is down');
    if (point === 'rescue.get' && fleet.time.now < downFrom + lasts + unreadableFor)
      return new Failure('retry', 'rescue_unreadable', 'S3 is down.', 'Wait.');
    return undefined;
  };
  if (killedAfter !== undefined) await fleet.killedSweep(killedAfter);
  const recovered = () => downFrom + lasts + unreadableFor;
  let freshAt = Infinity;
  await fleet.sweepUntil(start + lasts + unreadableFor + HOUR / 2, () => {
    const hasFresh = all.every((name) => (fleet.published.get(name)?.at(-1)?.at ?? 0) > start);
    if (hasFresh) freshAt = Math.min(freshAt, fleet.time.now);
  });
  const items = await Promise.all(all.map((name) => fleet.store.inner.get(name)));
  const active = items.filter((item) => item?.status === 'active' && item.failures === 0).length;
  const refused = fleet.zoom.requests.filter(({ status }) => status !== 200).length;
  const minutes = (freshAt - recovered()) / MINUTE;
  return {
    what,
    connections: size,
    'rescued at most': mostRescued,
    active,
    'refused by Zoom': refused,
    'asked a person': fleet.alerts.filter(({ kind }) => kind === 'reconnect').length,
    'fresh token after the recovery, min': round(minutes),
    'left in the rescue store': fleet.rescue.kept.size,
    holds:
      mostRescued > 0 &&
      active === size &&
      refused === 0 &&
      fleet.alerts.every(({ kind }) => kind !== 'reconnect') &&
      freshAt - recovered() <= BACK_OFF_AND_SWEEP &&
      fleet.rescue.kept.size === 0,
  };
}
