import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, round, type Scenario } from './scenario.ts';

/** Seconds until a request to Zoom times out; see lambdas/tokens/time-budget.ts. */
const TIMEOUT = 10;

/** Zoom hangs for one app, whose tokens end first. Another app has as many connections due. */
export const slowNeighbour: Scenario = {
  name: 'slow-neighbour',
  must: 'the healthy app gets at least 90 % of the rotations that it gets alone, whenever the other begins to hang',
  async run(isShort) {
    const rows = [];
    for (const count of isShort ? [2000] : [400, 2000]) {
      const alone = await rotatedInASweep(count, undefined);
      for (const hangsAfter of [0, 1]) {
        const beside = await rotatedInASweep(count, hangsAfter);
        rows.push({
          'connections of each app': count,
          'hangs after, s': hangsAfter,
          'rotated alone': alone,
          'rotated beside': beside,
          share: `${round((100 * beside) / alone)} %`,
          holds: alone >= Math.min(count, 1800) && beside >= 0.9 * alone,
        });
      }
    }
    return rows;
  },
};

/** Rotations of the healthy app; beside an app that hangs after so many seconds, or alone. */
async function rotatedInASweep(count: number, hangsAfter: number | undefined): Promise<number> {
  const fleet = new Fleet();
  const start = fleet.time.now;
  const healthy = names(count, 'healthy');
  await fleet.connect(healthy, (index) => start - HOUR + 8 * MINUTE + index / 100, 'healthy');
  if (hangsAfter !== undefined) {
    const hanging = names(count, 'hanging');
    await fleet.connect(hanging, (index) => start - HOUR + 7 * MINUTE + index / 100, 'hanging');
    fleet.zoom.override = async ({ user, at }) => {
      if (!user.startsWith('hanging') || at < start + hangsAfter) return undefined;
      await fleet.time.sleep(TIMEOUT);
      throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
    };
  }
  await fleet.sweep();
  return healthy.filter((name) => (fleet.published.get(name)?.length ?? 0) > 1).length;
}
