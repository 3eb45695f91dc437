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
      const fleet = new Fleet();
      const start = fleet.time.now;
      const healthy = names(count, 'healthy');
      await fleet.connect(healthy, (index) => start - HOUR + 8 * MINUTE + index / 100, 'healthy');
      const alone = await rotatedInASweep(fleet.copy(), healthy);
      const hanging = names(count, 'hanging');
      await fleet.connect(hanging, (index) => start - HOUR + 7 * MINUTE + index / 100, 'hanging');
      for (const hangsAfter of [0, 1]) {
        const both = fleet.copy();
        both.zoom.override = async ({ user, at }) => {
          if (!user.startsWith('hanging') || at < start + hangsAfter) return undefined;
          await both.time.sleep(TIMEOUT);
          throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
        };
        const beside = await rotatedInASweep(both, healthy);
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

async function rotatedInASweep(fleet: Fleet, connections: string[]): Promise<number> {
  await fleet.sweep();
  return connections.filter((name) => (fleet.published.get(name)?.length ?? 0) > 1).length;
}
