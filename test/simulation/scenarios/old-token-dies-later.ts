import { Fleet } from './fleet.ts';
import { DAY, HOUR, MINUTE, round, type Scenario } from './scenario.ts';

/** Zoom changes its rule: an earlier access token does not outlive a refresh any more, or not for long. */
export const oldTokenDiesLater: Scenario = {
  name: 'old-token-dies-later',
  must: 'noticed within a day where the rule changes after a day, within minutes where the old token ends 10 s after the refresh; then the cadence changes',
  async run(isShort) {
    return [await changes(isShort ? 6 * HOUR : DAY), await endsSoon()];
  },
};

/** The old token lives on at first, and dies at once from a time on. */
async function changes(after: number) {
  const fleet = new Fleet();
  const start = fleet.time.now;
  await fleet.connect(['main'], () => start - HOUR / 2);
  await fleet.sweepUntil(start + after);
  const before = (await fleet.store.inner.get('main'))?.overlap ?? '';
  fleet.zoom.overlapSeconds = 0;
  const changedAt = fleet.time.now;
  let noticedAt = Infinity;
  await fleet.sweepUntil(changedAt + DAY + 2 * HOUR, async () => {
    const item = await fleet.store.inner.get('main');
    if (noticedAt === Infinity && item?.overlap === 'no') noticedAt = fleet.time.now;
  });
  const hours = (noticedAt - changedAt) / HOUR;
  const margin = await latestMargin(fleet);
  return {
    what: 'dies at once from then on',
    before,
    'noticed after, min': round((noticedAt - changedAt) / MINUTE),
    'then rotated before the end, min': margin,
    // The measurement waits for the first rotation after a day.
    holds: before === 'yes' && hours <= 24 && isLate(margin),
  };
}

async function endsSoon() {
  const fleet = new Fleet();
  const start = fleet.time.now;
  fleet.zoom.overlapSeconds = 10;
  await fleet.connect(['main'], () => start - HOUR / 2);
  let rotatedAt = Infinity;
  let noticedAt = Infinity;
  await fleet.sweepUntil(start + 2 * HOUR, async () => {
    const item = await fleet.store.inner.get('main');
    if (rotatedAt === Infinity && (item?.version ?? 0) > 1) rotatedAt = item?.rotatedAt ?? 0;
    if (noticedAt === Infinity && item?.overlap === 'no') noticedAt = fleet.time.now;
  });
  const minutes = (noticedAt - rotatedAt) / MINUTE;
  const margin = await latestMargin(fleet);
  return {
    what: 'ends 10 s after the refresh',
    before: 'unknown',
    'noticed after, min': round(minutes),
    'then rotated before the end, min': margin,
    holds: minutes <= 5 && isLate(margin),
  };
}

/** Returns how long before the end of its token the connection is rotated from now on; minutes. */
async function latestMargin(fleet: Fleet): Promise<number> {
  const item = await fleet.store.inner.get('main');
  return round(((item?.expiresAt ?? 0) - (item?.dueAt ?? 0)) / MINUTE);
}

/** Ten minutes before the end, and up to five of jitter: not the half hour of a token that outlives its refresh. */
const isLate = (margin: number) => margin >= 10 && margin <= 15;
