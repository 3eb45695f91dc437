import type { FleetHealth, SweepNotes } from '../../tokens/store/sweep-notes.ts';
import { assignments } from './expressions.ts';
import type { Items } from './items.ts';

/** No connection's name holds a `#`. */
const SWEEP_KEY = 'sweep#last';

/** The notes that sweeps leave to the next ones and to `doctor`: one item beside the connections. */
export function createSweepNotes({ get, update }: Items): SweepNotes {
  const write = (values: Record<string, number | null | readonly string[]>) =>
    update(SWEEP_KEY, { set: `SET ${assignments(values)}`, values });

  return {
    async reuseHealthCheck(sweptAt, { checkedAfter, ...changed }) {
      const values = { sweptAt, ...('leastValidUntil' in changed && { ...changed, checkedAt: 0 }) };
      const item = await update(SWEEP_KEY, {
        set: `SET ${assignments(values)}`,
        values: { ...values, checkedAfter },
        condition: '#checkedAt > :checkedAfter',
      });
      return item as FleetHealth | undefined;
    },

    async expireHealthCheck() {
      await write({ checkedAt: 0 });
    },

    async recordHealthCheck(sweptAt, health) {
      await write({ ...health, sweptAt });
    },

    async noteGap(from, to) {
      await write({ gapFrom: from, gapTo: to });
    },

    async lastGap(since) {
      const { gapFrom, gapTo = 0 } = ((await get(SWEEP_KEY)) ?? {}) as { gapFrom?: number; gapTo?: number };
      return gapTo > since ? gapFrom : undefined;
    },

    knownApps: async () => (await get(SWEEP_KEY))?.apps as string[] | undefined,

    async noteApps(apps) {
      await write({ apps });
    },

    sweptAt: async () => (await get(SWEEP_KEY))?.sweptAt as number | undefined,
  };
}
