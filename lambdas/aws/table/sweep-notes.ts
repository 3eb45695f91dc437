import type { ConnectionStore } from '../../tokens/store.ts';
import type { FleetHealth } from '../../tokens/sweep/fleet-health.ts';
import { assignments, type Items } from './items.ts';

/** No connection's name holds a `#`. */
const SWEEP_KEY = 'sweep#last';

/** What the sweeps leave to the next ones and to `doctor`: one item beside the connections. */
export function createSweepNotes({ get, update }: Items): Pick<ConnectionStore, 'noteSweep' | 'sweptAt'> {
  return {
    noteSweep: (found, lookedAfter) =>
      update(
        SWEEP_KEY,
        `SET ${assignments(found)}`,
        lookedAfter === undefined ? found : { ...found, lookedAfter },
        lookedAfter === undefined ? undefined : '#lookedAt > :lookedAfter',
      ) as Promise<FleetHealth | undefined>,

    sweptAt: async () => (await get(SWEEP_KEY))?.sweptAt as number | undefined,
  };
}
