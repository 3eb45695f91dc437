import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, type Scenario } from './scenario.ts';

/** Zoom limits the rate of the app, for a minute, or for an hour while the published tokens have ten minutes left. */
export const rateLimited: Scenario = {
  name: 'rate-limited',
  must: 'after the first 429 no new request of the app begins, then at most 5 a minute while it lasts; the first grant ends the pause; no dead minute where Zoom grants before the tokens end',
  async run(isShort) {
    const due = isShort ? 200 : 2000;
    return [await limit(due, 60, 90), await limit(due, 3600, 8 * MINUTE)];
  },
};

/** @param grantsAfter seconds after which Zoom grants again, whatever it has asked for */
async function limit(due: number, retryAfter: number, grantsAfter: number) {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const all = names(due);
  await fleet.connect(all, (index) => start - HOUR + 10 * MINUTE + (index % 60));
  fleet.zoom.override = ({ at }) =>
    at < start + grantsAfter
      ? Response.json({}, { status: 429, headers: { 'retry-after': String(retryAfter) } })
      : undefined;
  await fleet.sweepUntil(start + HOUR / 2);
  const limited = fleet.zoom.requests.filter(({ status }) => status === 429);
  const first = limited[0]?.at ?? 0;
  // Sixteen steps are under way when the first response comes.
  const later = limited.filter(({ at }) => at > first + 1);
  const minutes = new Map<number, number>();
  for (const { at } of later) {
    const minute = Math.floor((at - first) / MINUTE);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  const dead = Math.max(...all.map((name) => fleet.deadSeconds(name, start, start + HOUR / 2)));
  const most = Math.max(0, ...minutes.values());
  const rotated = new Set(fleet.zoom.requests.filter(({ status }) => status === 200).map(({ user }) => user));
  return {
    'Retry-After, s': retryAfter,
    'at once': limited.length - later.length,
    'most a minute': most,
    'dead seconds': dead,
    rotated: rotated.size,
    holds: limited.length - later.length <= 16 && most <= 5 && dead === 0 && rotated.size === due,
  };
}
