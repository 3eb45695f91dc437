import { Fleet } from './fleet.ts';
import { DAY, HOUR, MINUTE, names, round, type Scenario } from './scenario.ts';

/** An administrator removes the app from the account: every refresh token is refused from then on. */
export const appRemoved: Scenario = {
  name: 'app-removed',
  must: 'first alert within 15 min of the first refusal; all in reconnect within 3 h; fewer than 15 refreshes a connection in 48 h',
  async run(isShort) {
    const sizes = isShort ? [2, 10] : [2, 10, 36, 100, 200];
    const rows = [];
    for (const size of sizes) rows.push(await remove(size, isShort ? 6 * HOUR : 2 * DAY));
    return rows;
  },
};

async function remove(size: number, lasts: number) {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const all = names(size);
  // The fleet's consents lie within an hour of each other, and so do its rotations.
  await fleet.connect(all, (index) => start - HOUR + ((index * 7919) % 3600));
  for (const name of all) fleet.zoom.remove(name);
  let allWaitAt = Infinity;
  await fleet.sweepUntil(start + lasts, async () => {
    if (allWaitAt !== Infinity) return;
    const waiting = await fleet.store.inner.count('reconnect', size);
    if (waiting === size) allWaitAt = fleet.time.now;
  });
  const refused = fleet.zoom.requests.filter(({ status }) => status === 400);
  const first = refused[0]?.at ?? start;
  // The rotations begin within the first hour, so that each connection is refused by then.
  const lastFirst = Math.max(...all.map((name) => refused.find(({ user }) => user === name)?.at ?? Infinity));
  const alertMinutes = ((fleet.alerts[0]?.at ?? Infinity) - first) / MINUTE;
  const hours = (allWaitAt - Math.max(first, lastFirst - HOUR)) / HOUR;
  const most = Math.max(...all.map((name) => refused.filter(({ user }) => user === name).length));
  return {
    connections: size,
    'first alert, min': round(alertMinutes),
    'all in reconnect, h': round((allWaitAt - first) / HOUR),
    'most refreshes': most,
    alerts: fleet.alerts.length,
    holds: alertMinutes <= 15 && hours <= 3 && (allWaitAt - first) / HOUR <= 3 && most < 15,
  };
}
