import { Fleet } from './fleet.ts';
import { HOUR, MINUTE, names, type Scenario } from './scenario.ts';

/** The index that tells what is due shows each write some seconds late. */
export const indexLag: Scenario = {
  name: 'index-lag',
  must: 'at least 95 % of the capacity at every lag',
  async run(isShort) {
    const lags = isShort ? [0, 10] : [0, 2, 5, 10];
    const rotated: number[] = [];
    for (const lag of lags) rotated.push(await rotatedInASweep(lag));
    const capacity = rotated[0] ?? 0;
    return lags.map((lag, index) => ({
      'lag, s': lag,
      'rotated in a sweep': rotated[index] ?? 0,
      holds: (rotated[index] ?? 0) >= 0.95 * capacity && capacity > 1000,
    }));
  },
};

async function rotatedInASweep(lag: number): Promise<number> {
  const fleet = new Fleet();
  const start = fleet.time.now;
  await fleet.connect(names(4000), (index) => start - HOUR + 8 * MINUTE + index / 100);
  fleet.store.lag = lag;
  fleet.time.now = start + 1;
  return (await fleet.sweep()).rotated;
}
