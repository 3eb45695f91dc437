import { Fleet } from './fleet.ts';
import { DAY, HOUR, MINUTE, names, round, type Scenario } from './scenario.ts';

/** The table is restored to what it was six hours ago: every refresh token in it is spent. */
export const restoredTable: Scenario = {
  name: 'restored-table',
  must: 'one alert for the app within 15 min that names the gap; Server-to-Server connections heal alone; all others in reconnect within 3 h',
  async run(isShort) {
    const size = isShort ? 12 : 60;
    const fleet = new Fleet();
    const start = fleet.time.now;
    const all = names(size);
    await fleet.connect(all, (index) => start - HOUR + ((index * 7919) % 3600));
    await fleet.connectServer('server', start - HOUR / 2);
    await fleet.sweep();
    // Six hours later the tokens have been rotated several times, and the table is as it was.
    for (const name of all) for (let rotation = 0; rotation < 6; rotation += 1) fleet.zoom.connect(name);
    fleet.time.now = start + 6 * HOUR;
    const restoredAt = fleet.time.now;
    let allWaitAt = Infinity;
    await fleet.sweepUntil(restoredAt + (isShort ? 4 * HOUR : DAY), async () => {
      if (allWaitAt === Infinity && (await fleet.store.inner.count('reconnect', size)) === size) {
        allWaitAt = fleet.time.now;
      }
    });
    const incidents = fleet.alerts.filter(({ kind }) => kind === 'incident');
    const minutes = ((incidents[0]?.at ?? Infinity) - restoredAt) / MINUTE;
    const server = await fleet.store.inner.get('server');
    return [
      {
        connections: size,
        'alert after, min': round(minutes),
        'alerts of the app': incidents.length,
        'names the gap': fleet.incidents[0]?.gapSince !== undefined,
        'server heals': server?.status === 'active' && (server?.validUntil ?? 0) > restoredAt,
        'all others wait after, h': round((allWaitAt - restoredAt) / HOUR),
        holds:
          minutes <= 15 &&
          incidents.length === 1 &&
          fleet.incidents[0]?.gapSince !== undefined &&
          server?.status === 'active' &&
          allWaitAt - restoredAt <= 3 * HOUR,
      },
    ];
  },
};
