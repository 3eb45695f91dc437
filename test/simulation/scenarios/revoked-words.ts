import { Fleet } from './fleet.ts';
import { DAY, HOUR, MINUTE, round, type Scenario } from './scenario.ts';
import { refuse } from './zoom.ts';

/** Zoom refuses in words that nobody knows, for a week. */
export const revokedWords: Scenario = {
  name: 'revoked-words',
  must: "a person is notified by name within 30 min of the published token's end; at most one request an hour after that",
  async run(isShort) {
    const fleet = new Fleet();
    const start = fleet.time.now;
    const lasts = isShort ? 30 * HOUR : 7 * DAY;
    await fleet.connect(['main'], () => start - HOUR + 15 * MINUTE);
    fleet.zoom.override = () => refuse('invalid_request', 'The moon is in the seventh house.');
    await fleet.sweepUntil(start + lasts);
    const end = start + 15 * MINUTE;
    const alert = fleet.alerts.find(({ names }) => names.includes('main'));
    const minutes = ((alert?.at ?? Infinity) - end) / MINUTE;
    const later = fleet.zoom.requests.filter(({ at }) => at > end + HOUR);
    const perHour = later.length / ((start + lasts - end - HOUR) / HOUR);
    const gaps = later.slice(1).map(({ at }, index) => at - (later[index]?.at ?? 0));
    const leastGap = Math.min(...gaps) / MINUTE;
    const item = await fleet.store.inner.get('main');
    return [
      {
        'notified after, min': round(minutes),
        requests: fleet.zoom.requests.length,
        'requests an hour': round(perHour, 2),
        'least gap after the first hour, min': round(leastGap),
        'at the end': item?.status ?? '',
        holds: minutes <= 30 && leastGap >= 60 && item?.status === 'reconnect',
      },
    ];
  },
};
