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
  return {
    what: 'dies at once from then on',
    before,
    'noticed after, min': round((noticedAt - changedAt) / MINUTE),
    // The measurement waits for the first rotation after a day.
    holds: before === 'yes' && hours <= 24,
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
  return {
    what: 'ends 10 s after the refresh',
    before: 'unknown',
    'noticed after, min': round(minutes),
    holds: minutes <= 5,
  };
}
