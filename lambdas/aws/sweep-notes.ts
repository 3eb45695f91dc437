import type { Look } from '../tokens/fleet.ts';
import type { ConnectionStore } from '../tokens/store.ts';

/** The table's strongly consistent read, and its conditional update: `undefined` when the condition did not hold. */
interface Items {
  get(key: string): Promise<Record<string, unknown> | undefined>;
  update(
    key: string,
    set: string,
    values: Record<string, number | null>,
    condition?: string,
  ): Promise<object | undefined>;
}

/** No connection's name holds a `#`. */
const SWEEP_KEY = 'sweep#last';

/** What the sweeps leave to the next ones and to `doctor`: one item beside the connections. */
export function createSweepNotes({ get, update }: Items): Pick<ConnectionStore, 'noteSweep' | 'sweptAt'> {
  return {
    noteSweep: (found, lookedAfter) =>
      update(
        SWEEP_KEY,
        `SET ${Object.keys(found).map((name) => `#${name} = :${name}`)}`,
        lookedAfter === undefined ? found : { ...found, lookedAfter },
        lookedAfter === undefined ? undefined : '#lookedAt > :lookedAfter',
      ) as Promise<Look | undefined>,

    sweptAt: async () => (await get(SWEEP_KEY))?.sweptAt as number | undefined,
  };
}
